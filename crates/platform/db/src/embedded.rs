//! The private PostgreSQL of `leadline up`.
