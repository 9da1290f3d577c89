mod answer;
mod app;
mod process;
mod visitor;

pub use answer::Answer;
pub use app::{TestApp, TestOptions};
pub use process::{Process, connect, number};
pub use visitor::Visitor;
