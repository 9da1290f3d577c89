//! Notes and tasks, pure.

mod due;
mod note;
mod task;

pub use due::Due;
pub use note::Note;
pub(crate) use note::clean_body;
pub(crate) use task::{NewTask, TaskChange, TaskRow, clean_title};
pub use task::{Priority, Task};
