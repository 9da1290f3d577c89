//! Templates of mails: a sandboxed dialect of Jinja.
//!
//! `{{ first_name | default("there") }}`, `{{ custom.budget }}`, `{% if company %}…{% endif %}`,
//! `{% for … %}`. Nothing else: no includes, macros, assignments or functions, so a template can
//! neither read anything but its values nor grow without bounds.
//!
//! A variable that does not exist is an error wherever it is used. One that exists but is empty (an
//! empty field) prints nothing, unless it is rendered with [`Compiled::render_complete`], which
//! reports it; `default` stands in for both.

mod environment;
mod filters;
mod problem;
mod scan;

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Serialize;

use self::environment::Limited;
pub use self::problem::TemplateProblem;

/// What a template becomes, which decides how values are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Values are escaped for HTML; nothing can switch that off.
    Html,
    /// Subject and plain text: values as they are.
    Text,
}

/// The most that a template may have in bytes.
pub const MAX_SOURCE: usize = 256 * 1024;
/// The most that a rendered part may have in bytes. Gmail clips at 102 KB.
pub const MAX_OUTPUT: usize = 512 * 1024;

/// A parsed template. Parse once and keep it: rendering does not parse again.
#[derive(Clone)]
pub struct Compiled {
    environment: Environment<'static>,
    source: String,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The template twice: where printed variables may be empty, and where they may not.
const LENIENT: &str = "template";
const COMPLETE: &str = "template, complete";

impl Compiled {
    /// Parses a template; reports the first thing wrong with it.
    pub fn new(source: &str, kind: Kind) -> Result<Self, TemplateProblem> {
        if source.len() > MAX_SOURCE {
            return Err(TemplateProblem::at(1, format!("the template has {} bytes; {MAX_SOURCE} are allowed", source.len())));
        }
        let pieces = scan::pieces(source);
        for piece in &pieces {
            if let Some(problem) = problem::of_piece(piece) {
                return Err(problem);
            }
        }
        let mut environment = environment::sandbox(kind);
        for (name, guard) in [(LENIENT, environment::PRESENT), (COMPLETE, environment::REQUIRED)] {
            environment.add_template_owned(name, scan::guarded(source, &pieces, guard)).map_err(|error| problem::of_syntax(&error))?;
        }
        let compiled = Self { environment, source: source.to_owned() };
        // Unknown filters and tests are otherwise only noticed when rendering comes across them.
        filters::unknown(&pieces).map_or(Ok(compiled), Err)
    }

    /// Renders; a variable without a value is a problem, an empty one is not.
    pub fn render(&self, values: impl Serialize) -> Result<String, TemplateProblem> {
        self.render_as(LENIENT, Value::from(minijinja::value::Serde(values)))
    }

    /// Renders for a recipient who must not get a gap: a printed variable that is empty and has no
    /// `default` is a problem, too.
    pub fn render_complete(&self, values: impl Serialize) -> Result<String, TemplateProblem> {
        self.render_as(COMPLETE, Value::from(minijinja::value::Serde(values)))
    }

    /// The variables that the template uses, nested ones with a dot: `first_name`, `custom.budget`.
    pub fn variables(&self) -> BTreeSet<String> {
        let template = self.environment.get_template(LENIENT);
        template.map(|template| template.undeclared_variables(true).into_iter().collect()).unwrap_or_default()
    }

    fn render_as(&self, name: &str, values: Value) -> Result<String, TemplateProblem> {
        let template = self.environment.get_template(name).map_err(|error| problem::of_syntax(&error))?;
        let mut output = Limited::new(MAX_OUTPUT);
        match template.render_captured_to(values, &mut output) {
            Ok(_) => Ok(output.into_text()),
            Err(error) => Err(self.explain(&error, output.is_full())),
        }
    }

    /// Turns an engine's error into one that names the variable.
    fn explain(&self, error: &Error, full: bool) -> TemplateProblem {
        let line = error.line().unwrap_or(1);
        if full {
            return TemplateProblem::at(line, format!("the result is larger than {MAX_OUTPUT} bytes"));
        }
        if let Some(variable) = environment::empty_variable(error) {
            return TemplateProblem {
                line,
                message: format!("`{variable}` is empty here; give it a fallback: {{{{ {variable} | default(\"…\") }}}}"),
                variable: Some(variable),
                suggestion: None,
            };
        }
        match error.kind() {
            ErrorKind::UndefinedError => {
                let variable = self.undefined_variable(error, line);
                let message = match &variable {
                    Some(name) => format!("`{name}` has no value"),
                    None => "a variable has no value".to_owned(),
                };
                TemplateProblem { line, message, variable, suggestion: None }
            }
            ErrorKind::OutOfFuel => TemplateProblem::at(line, "the template does too much work; use fewer or shorter loops"),
            _ => TemplateProblem::at(line, problem::words(error)),
        }
    }

    /// What a guard says, else the path that the failing expression begins with, else the first one
    /// of the failing line.
    fn undefined_variable(&self, error: &Error, line: usize) -> Option<String> {
        let guard = environment::missing_variable(error);
        guard.or_else(|| expression(error).and_then(scan::leading_path)).or_else(|| {
            let paths = scan::paths(&self.source);
            paths.into_iter().find(|(_, at)| *at == line).map(|(path, _)| path)
        })
    }
}

/// The source of the expression that failed, unless it is the call of a filter.
fn expression(error: &Error) -> Option<&str> {
    let (range, source) = (error.range()?, error.template_source()?);
    let filter = source.get(..range.start)?.trim_end().ends_with('|');
    if filter { None } else { source.get(range) }
}

/// The variables of a template: `first_name`, `custom.budget`.
pub fn variables(source: &str) -> Result<BTreeSet<String>, TemplateProblem> {
    Ok(Compiled::new(source, Kind::Text)?.variables())
}

/// Everything that is wrong with a template whose values will have the `known` names. Empty is good.
pub fn check(source: &str, known: &[&str]) -> Vec<TemplateProblem> {
    let mut problems: Vec<TemplateProblem> =
        scan::pieces(source).iter().filter_map(|piece| problem::of_piece(piece)).map(|problem| problem.suggesting(known)).collect();
    if !problems.is_empty() {
        return problems;
    }
    let compiled = match Compiled::new(source, Kind::Text) {
        Ok(compiled) => compiled,
        Err(problem) => return vec![problem],
    };
    let lines: BTreeMap<String, usize> = scan::paths(source).into_iter().rev().collect();
    for name in compiled.variables() {
        // `custom` as a whole is fine where `custom.x` exists.
        let whole = format!("{name}.");
        if known.iter().any(|known| *known == name || known.starts_with(&whole)) {
            continue;
        }
        problems.push(
            TemplateProblem {
                line: lines.get(&name).copied().unwrap_or(1),
                message: format!("there is no variable `{name}`"),
                variable: Some(name),
                suggestion: None,
            }
            .suggesting(known),
        );
    }
    problems.sort_by_key(|problem| problem.line);
    problems
}

#[cfg(test)]
mod tests;
