use serde_json::{Value as Json, json};

use super::*;

fn render(source: &str, values: Json) -> Result<String, TemplateProblem> {
    Compiled::new(source, Kind::Text)?.render(values)
}

fn complete(source: &str, values: Json) -> Result<String, TemplateProblem> {
    Compiled::new(source, Kind::Text)?.render_complete(values)
}

#[test]
fn values_are_filled_in() {
    let values = json!({"first_name": "Ada", "company": "", "custom": {"budget": 1200, "empty": null}});
    assert_eq!(render("Hi {{first_name}}!\n", values.clone()).unwrap(), "Hi Ada!\n");
    assert_eq!(render("{{ custom.budget }}|{{ company }}|{{ custom.empty }}", values.clone()).unwrap(), "1200||");
    assert_eq!(
        render(
            "{% if company %}at {{ company }}{% else %}there{% endif %}{% for x in [1, 2] %} {{ x }}{{ loop.index }}{% endfor %}",
            values
        )
        .unwrap(),
        "there 11 22"
    );
}

#[test]
fn default_stands_in_for_missing_empty_and_blank() {
    for values in [json!({}), json!({"n": ""}), json!({"n": "  "}), json!({"n": null})] {
        assert_eq!(render("{{ n | default(\"there\") | upper }}", values).unwrap(), "THERE");
    }
    assert_eq!(render("{{ n | default(\"there\", true) }}", json!({"n": "Ada"})).unwrap(), "Ada");
    assert_eq!(render("{{ custom.x | default('y') }}", json!({"custom": {}})).unwrap(), "y");
    assert_eq!(render("{{ n | default(0) }}", json!({"n": 0})).unwrap(), "0");
}

#[test]
fn html_is_escaped_and_text_is_not() {
    let values = json!({"n": "<b>\"Tom & Jerry's\"</b>"});
    let html =
        Compiled::new("<p title=\"{{ n }}\">{{ n | upper }}{{ n | default('<i>') }}</p>", Kind::Html).unwrap().render(&values).unwrap();
    assert!(!html.contains("<b>") && !html.contains("<B>") && html.contains("&lt;b&gt;&quot;Tom &amp; Jerry"), "{html}");
    assert_eq!(render("{{ n }}", values).unwrap(), "<b>\"Tom & Jerry's\"</b>");
}

#[test]
fn a_missing_variable_is_named_with_its_line() {
    for (source, line) in [
        ("Hi\n{{ first_nam }}", 2),
        ("Hi {{ first_nam | upper }}", 1),
        ("\n\n{% if first_nam %}x{% endif %}", 3),
        ("{{ \"Hi \" ~ first_nam }}", 1),
        ("x\n{% if first_nam | upper %}x{% endif %}", 2),
    ] {
        let problem = render(source, json!({"first_name": "Ada"})).unwrap_err();
        assert_eq!((problem.variable.as_deref(), problem.line), (Some("first_nam"), line), "{source}: {problem}");
    }
    let problem = render("{{ custom.budgt }}", json!({"custom": {"budget": 1}})).unwrap_err();
    assert_eq!(problem.variable.as_deref(), Some("custom.budgt"));
    assert_eq!(problem.to_string(), "line 1: `custom.budgt` has no value");
}

#[test]
fn an_empty_variable_is_a_problem_only_when_completeness_is_asked_for() {
    let values = json!({"first_name": "", "company": " ", "city": null, "country": "DE"});
    assert_eq!(render("Hi {{ first_name }}", values.clone()).unwrap(), "Hi ");
    for (source, variable, line) in
        [("Hi {{ first_name }}", "first_name", 1), ("\nHi {{- company | upper -}} ", "company", 2), ("{{ city }}", "city", 1)]
    {
        let problem = complete(source, values.clone()).unwrap_err();
        assert_eq!((problem.variable.as_deref(), problem.line), (Some(variable), line), "{problem}");
        assert!(problem.message.contains("default"), "{problem}");
    }
    for (source, expected) in [
        ("{{ first_name | default('there') }}", "there"),
        ("{% if first_name %}{{ first_name }}{% endif %}ok", "ok"),
        ("{{ country }}", "DE"),
        ("{{ first_name ~ country }}", "DE"),
    ] {
        assert_eq!(complete(source, values.clone()).unwrap(), expected, "{source}");
    }
    assert_eq!(complete("{{ gone }}", values).unwrap_err().variable.as_deref(), Some("gone"));
    let html = Compiled::new("{{ n }}", Kind::Html).unwrap().render_complete(json!({"n": "<"})).unwrap();
    assert_eq!(html, "&lt;");
}

#[test]
fn filters() {
    let values =
        json!({"n": "ada LOVELACE-king mcDonald", "d": "2026-01-31", "t": "2026-01-31T09:30:00Z", "e": "", "long": "The quick brown fox"});
    for (source, expected) in [
        ("{{ n | title }}", "Ada Lovelace-King mcDonald"),
        ("{{ '  x ' | trim }}", "x"),
        ("{{ n | lower | truncate(5) }}", "ada…"),
        ("{{ long | truncate(12) }}", "The quick…"),
        ("{{ long | truncate(9, end='') }}", "The quick"),
        ("{{ long | truncate(100) }}", "The quick brown fox"),
        ("{{ d | date }}", "31 January 2026"),
        ("{{ d | date('%d.%m.%Y') }}", "31.01.2026"),
        ("{{ t | date('%H:%M') }}", "09:30"),
        ("[{{ e | date }}]", "[]"),
    ] {
        assert_eq!(render(source, values.clone()).unwrap(), expected, "{source}");
    }
    assert!(render("{{ n | date }}", values).unwrap_err().message.contains("is not a date"));
}

#[test]
fn the_sandbox_holds() {
    for source in [
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% set x = 1 %}",
        "{% autoescape false %}{% endautoescape %}",
        "{% raw %}{% endraw %}",
    ] {
        assert!(Compiled::new(source, Kind::Html).unwrap_err().message.contains("not available"), "{source}");
    }
    for source in ["{{ n | safe }}", "{{ n | tojson }}", "{% if n | length %}{% endif %}"] {
        assert!(Compiled::new(source, Kind::Html).unwrap_err().message.contains("there is no filter"), "{source}");
    }
    assert!(render("{{ range(10) }}", json!({})).is_err());
    let endless = "{% for a in n %}{% for b in n %}{% for c in n %}x{% endfor %}{% endfor %}{% endfor %}";
    let many: Vec<u32> = (0..1000).collect();
    assert!(render(endless, json!({"n": many})).unwrap_err().message.contains("too much work"));
    let big = format!("{{% for a in n %}}{}{{% endfor %}}", "x".repeat(10_000));
    assert!(render(&big, json!({"n": many})).unwrap_err().message.contains("larger than"));
    assert!(render("{{ n * 1000000000 }}", json!({"n": "x"})).is_err());
    assert!(Compiled::new(&"x".repeat(MAX_SOURCE + 1), Kind::Text).is_err());
}

#[test]
fn variables_are_listed() {
    let found =
        variables("{{ a }}{% if b.c %}{{ d | default(e) }}{% endif %}{% for x in xs %}{{ x }}{{ loop.index }}{% endfor %}").unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b.c", "d", "e", "xs"]);
}

#[test]
fn check_tells_everything_and_suggests() {
    let known = ["first_name", "last_name", "company", "email", "custom.budget"];
    assert_eq!(check("{{ first_name }}{{ custom.budget }}{{ custom }}", &known), []);
    let problems = check("{{ frist_name }}\n{{ custom.bugdet }}\n{{ zzz }}\n{{ frist_name }}", &known);
    let told: Vec<_> = problems.iter().map(|p| (p.variable.as_deref().unwrap(), p.line, p.suggestion.as_deref())).collect();
    assert_eq!(told, [("frist_name", 1, Some("first_name")), ("custom.bugdet", 2, Some("custom.budget")), ("zzz", 3, None)]);
    assert_eq!(problems[0].to_string(), "line 1: there is no variable `frist_name`; did you mean `first_name`?");
    for (source, suggestion) in [
        ("{{ First Name }}", "first_name"),
        ("{{ firstName }}", "first_name"),
        ("{{ lead.first_name }}", "first_name"),
        ("{{ FIRST_NAME }}", "first_name"),
    ] {
        assert_eq!(check(source, &known)[0].suggestion.as_deref(), Some(suggestion), "{source}");
    }
    for (source, words) in [
        ("a\n{{ first_name", "never closed"),
        ("{{ }}", "names no variable"),
        ("{{ first_name | default(“x”) }}", "straight"),
        ("{% if first_name %}", "cannot be read"),
        ("{{ first_name | shout }}", "there is no filter `shout`"),
    ] {
        let problems = check(source, &known);
        assert!(problems[0].message.contains(words), "{source}: {problems:?}");
    }
    assert_eq!(check("a\n{{ first_name", &known)[0].line, 2);
}

#[test]
fn many_renders_are_quick() {
    let template = Compiled::new("Hi {{ first_name | default('there') }}, how is {{ company }}?", Kind::Html).unwrap();
    let start = std::time::Instant::now();
    for i in 0..10_000 {
        template.render(json!({"first_name": "Ada", "company": i})).unwrap();
    }
    // Parsing each time would be some ten times slower than this in a debug build.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}
