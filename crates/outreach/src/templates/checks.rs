//! What to know about a mail before it is sent: variables, fallbacks, links, words, size.

use mail::template::check;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    lint,
    model::sentence,
    render::{CompiledMail, Rendered, Source},
    variables::VARIABLES,
};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Pass,
    /// May be sent; better mend it.
    Warn,
    /// A campaign cannot be launched with it.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    pub level: Level,
    pub title: String,
    /// What was found and how to mend it, a sentence each.
    pub details: Vec<String>,
}

impl Check {
    fn pass(title: &str) -> Self {
        Self { level: Level::Pass, title: title.to_owned(), details: Vec::new() }
    }

    fn found(level: Level, title: &str, details: Vec<String>) -> Self {
        Self { level, title: title.to_owned(), details }
    }
}

/// Looks at everything. `rendered` is the mail for one lead or the examples, if it could be rendered.
pub fn checks(source: Source<'_>, known: &[String], rendered: Option<&Rendered>) -> Vec<Check> {
    let mut all = vec![variables(source, known), fallbacks(source, known)];
    let Some(mail) = rendered else { return all };
    let anatomy = lint::anatomy(&mail.html);
    all.push(from_findings("Links and images", lint::body(&anatomy)));
    all.push(from_findings("Words", lint::words(&mail.subject, &mail.text)));
    all.push(size(mail));
    all.push(plain_text(source, mail));
    all
}

fn parts<'a>(source: Source<'a>) -> [(&'static str, &'a str); 3] {
    [("Subject", source.subject), ("Body", source.html), ("Plain text", source.text)]
}

fn variables(source: Source<'_>, known: &[String]) -> Check {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let problems: Vec<String> = parts(source)
        .into_iter()
        .flat_map(|(part, text)| check(text, &known).into_iter().map(move |problem| format!("{part}, {problem}")))
        .map(|text| sentence(&text))
        .collect();
    if problems.is_empty() { Check::pass("Every variable exists") } else { Check::found(Level::Fail, "Variables", problems) }
}

/// Asks the real renderer: with everything empty that may be, which variable leaves a gap?
fn fallbacks(source: Source<'_>, known: &[String]) -> Check {
    let mut values = json!({ "custom": {} });
    for variable in VARIABLES {
        set(&mut values, variable.name, if variable.may_be_empty { Value::Null } else { json!(variable.example) });
    }
    for name in known.iter().filter(|name| name.starts_with("custom.")) {
        set(&mut values, name, Value::Null);
    }
    let mut gaps: Vec<String> = Vec::new();
    if let Ok(compiled) = CompiledMail::new(source) {
        while let Err(error) = compiled.render_complete(&values) {
            // A gap names its variable; anything else is an error that the other check tells.
            let Some(name) = error.problem.variable.filter(|name| !gaps.contains(name)) else { break };
            set(&mut values, &name, json!("x"));
            gaps.push(name);
        }
    }
    if gaps.is_empty() {
        return Check::pass("Every variable that may be empty has a fallback");
    }
    let details = gaps.into_iter().map(|name| {
        format!("`{name}` is empty for some leads, and a campaign skips those. Give it a fallback: {{{{ {name} | default(\"…\") }}}}")
    });
    Check::found(Level::Warn, "Fallbacks", details.collect())
}

fn set(values: &mut Value, path: &str, value: Value) {
    let slot = match path.split_once('.') {
        Some((outer, inner)) => values.get_mut(outer).and_then(Value::as_object_mut).map(|map| (map, inner)),
        None => values.as_object_mut().map(|map| (map, path)),
    };
    if let Some((map, name)) = slot {
        map.insert(name.to_owned(), value);
    }
}

fn from_findings(title: &str, findings: Vec<lint::Finding>) -> Check {
    if findings.is_empty() {
        return Check::pass(title);
    }
    let level = if findings.iter().any(|finding| finding.fatal) { Level::Fail } else { Level::Warn };
    Check::found(level, title, findings.into_iter().map(|finding| finding.text).collect())
}

fn size(mail: &Rendered) -> Check {
    let size = ui::bytes(mail.html.len() as u64);
    if mail.html.len() > lint::CLIPPED {
        return Check::found(
            Level::Warn,
            "Size",
            vec![format!("The body has {size}; Gmail cuts off above 102 kB, and with it the unsubscribe link. Shorten it.")],
        );
    }
    Check { details: vec![format!("The body has {size}.")], ..Check::pass("Size") }
}

fn plain_text(source: Source<'_>, mail: &Rendered) -> Check {
    if mail.text.trim().is_empty() {
        return Check::found(
            Level::Fail,
            "Plain text",
            vec!["The plain-text part would be empty; a mail needs words, not only images.".to_owned()],
        );
    }
    let origin = if source.text.trim().is_empty() { "Made from the HTML." } else { "Written by hand; keep it in step with the HTML." };
    Check { details: vec![origin.to_owned()], ..Check::pass("Plain text") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::variables::known_names;

    fn of(subject: &str, html: &str) -> Vec<Check> {
        let source = Source { subject, html, text: "" };
        checks(source, &known_names(&["budget".to_owned()]), None)
    }

    #[test]
    fn unknown_variables_fail_with_a_suggestion_and_gaps_are_all_named() {
        let found = of(
            "Hi {{ frist_name }}",
            "{{ company }} {{ custom.budget }} {{ city | default('x') }} {{ email }}{% if title %}{{ title }}{% endif %}",
        );
        assert_eq!(found[0].level, Level::Fail);
        assert!(found[0].details[0].contains("did you mean `first_name`"), "{found:?}");
        let gaps = of(
            "Hi {{ first_name }}",
            "{{ company }} {{ custom.budget }} {{ city | default('x') }} {{ email }}{% if title %}{{ title }}{% endif %}",
        );
        assert_eq!(gaps[1].level, Level::Warn);
        assert_eq!(gaps[1].details.len(), 3, "{gaps:?}");
        assert!(of("Hi {{ first_name | default('there') }}", "x").iter().all(|check| check.level == Level::Pass));
    }

    #[test]
    fn a_rendered_mail_is_weighed() {
        let source = Source { subject: "Hi", html: "<p>x</p>", text: "" };
        let big = Rendered { subject: "Hi".to_owned(), html: "x".repeat(200_000), text: "x".to_owned() };
        let found = checks(source, &[], Some(&big));
        assert!(found.iter().any(|check| check.title == "Size" && check.level == Level::Warn));
        let silent = Rendered { text: String::new(), ..big };
        assert!(checks(source, &[], Some(&silent)).iter().any(|check| check.title == "Plain text" && check.level == Level::Fail));
    }
}
