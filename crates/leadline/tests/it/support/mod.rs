mod answer;
mod app;
mod visitor;

pub use answer::Answer;
pub use app::{TestApp, TestOptions};
pub use visitor::Visitor;
