//! Writes every component into a few static pages, to look at and to test:
//! `cargo run -p leadline-ui --example gallery -- FOLDER`.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use maud::{Markup, html};
use ui::chart::{Bar, Series, Stage, bars, funnel, line, sparkline};
use ui::*;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args().nth(1).ok_or("usage: gallery FOLDER")?);
    fs::create_dir_all(folder.join("assets"))?;
    for name in ["app.css", "app.js", "theme.js", "favicon.svg", "inter-latin-wght-normal.woff2", "inter-latin-ext-wght-normal.woff2"] {
        let url = assets::url(name);
        let file = url.trim_start_matches(assets::PREFIX);
        let asset = assets::get(file).ok_or("an asset of the manifest is missing")?;
        fs::write(folder.join("assets").join(file), &asset.bytes)?;
    }
    let said = [
        Toast::success("214 leads tagged conference.").undo("/undo"),
        Toast::error("The mail server did not answer. Nothing was sent; try again."),
    ];
    for (file, nav, title, content) in [
        ("grid.html", Nav::Leads, "Leads", grid()),
        ("lead.html", Nav::Leads, "Ada Lovelace", record()),
        ("numbers.html", Nav::Analytics, "Analytics", numbers()),
        ("forms.html", Nav::Campaigns, "New campaign", forms()),
        ("states.html", Nav::Imports, "Imports", states()),
    ] {
        let shell = Shell {
            title,
            nav,
            nonce: "gallery",
            user_name: "Grace Hopper",
            user_email: "grace@fathom.example",
            org_name: "Fathom & Sons",
            organisations: &[],
            may_found: false,
            role: "Owner",
            hidden: &[],
            toasts: if file == "states.html" { &said } else { &[] },
        };
        fs::write(folder.join(file), document(&shell, content).into_string())?;
    }
    fs::write(folder.join("login.html"), bare("Sign in", "gallery", &[], login()).into_string())?;
    Ok(())
}

const NAMES: [(&str, &str, &str, &str, Tone, i64); 9] = [
    ("Ada Lovelace", "Chief Technology Officer", "Analytical Engines", "Qualified", Tone::Violet, 92),
    ("Katherine Johnson", "VP Research", "Orbital Dynamics", "Replied", Tone::Success, 78),
    ("Jean-Baptiste Poquelin de la Rochefoucauld", "Head of Productions", "Théâtre du Palais", "Contacted", Tone::Info, 64),
    ("Radia Perlman", "Principal Engineer", "Spanning Tree Networks", "New", Tone::Neutral, 55),
    ("Hedy Lamarr", "Founder", "Frequency Hopping Ltd", "Converted", Tone::Accent, 88),
    ("Alan Turing", "Director of Research", "Bombe Systems", "Lost", Tone::Danger, 21),
    ("Mary Jackson", "Aerospace Engineer", "Wind Tunnel Co", "Contacted", Tone::Info, 47),
    ("Chien-Shiung Wu", "Professor", "Parity University", "Unsubscribed", Tone::Warning, 12),
    ("Edsger Dijkstra", "Chairman", "Shortest Path", "New", Tone::Neutral, 38),
];

fn reasons() -> Vec<(String, i64)> {
    vec![
        ("Seniority is C-level".into(), 30),
        ("Replied in the last 30 days".into(), 40),
        ("Company has 200+ employees".into(), 27),
        ("No phone number".into(), -5),
    ]
}

fn grid() -> Markup {
    let matching = Some(table::Matching { total: 9240, exact: true });
    let picked = [("title", "Title", true), ("phone", "Phone", false), ("country", "Country", true)]
        .map(|(name, label, shown)| table::PickableColumn { name: name.into(), label: label.into(), shown });
    let rows = html! {
        (table::wrap("Leads", html! {
            table.table {
                thead { tr {
                    (table::th_select())
                    (table::th_sort("Name", "?sort=name", None))
                    (table::th("Title"))
                    (table::th_sort("Company", "?sort=company", Some(Sort::Ascending)))
                    (table::th("Status"))
                    (table::th("Tags"))
                    (table::th_sort_num("Score", "?sort=-score", None))
                    (table::th("Last activity"))
                    (table::th_actions())
                } }
                tbody {
                    @for (index, (name, title, company, status, tone, score)) in NAMES.into_iter().cycle().take(18).enumerate() {
                        tr data-row data-href="lead.html" data-edit="lead.html" id={ "row-" (index) } {
                            (table::td_select())
                            td.is-title data-label="Name" { a href="lead.html" { (person(name, None)) } }
                            td.is-quiet data-label="Title" { (title) }
                            td data-label="Company" { (company) }
                            td data-label="Status" { (status_dot(tone, status)) }
                            td data-label="Tags" { (tags(&["conference", "emea", "warm", "q3"], 2)) }
                            td.num data-label="Score" { (score_with_reasons(score, &reasons())) }
                            td.is-quiet data-label="Last activity" { @if let Ok(at) = "2026-09-21T10:12:00Z".parse() { (ago(at)) } }
                            td.is-actions { (more_menu(&format!("Actions for {name}"), html! {
                                (menu_link(Icon::Edit, "Edit", "lead.html"))
                                (menu_separator())
                                (menu_button(Icon::Trash, "Delete", "/leads/1/delete", Tone::Danger, "Delete this lead? This cannot be undone."))
                            })) }
                        }
                    }
                }
            }
        }))
    };
    html! {
        (page_header("Leads", "", html! {
            (Button::secondary("Import").icon(Icon::Upload).href("forms.html"))
            (Button::primary("New lead").icon(Icon::Plus).href("forms.html").shortcut("c"))
        }))
        (toolbar(
            html! {
                (search_form("/leads", "q", "", "Search leads", "grid"))
                (Button::secondary("Filter").icon(Icon::Filter).opens("filter"))
                (chips(html! {
                    (filter_chip("Status", "is any of", "New, Contacted", "?"))
                    (filter_chip("Score", "at least", "40", "?"))
                    (filter_chip("E-mail", "is known", "", "?"))
                }))
            },
            html! { (Button::ghost("Columns").icon(Icon::Columns).opens("columns")) }
        ))
        (dialog_wide("filter", "Filter leads", filter_builder("/leads", &filter_fields(),
            r#"{"all":[{"field":"status","op":"in","value":["new","replied"]},{"any":[{"field":"score","op":"gte","value":40},{"field":"country","op":"is_known"}]}]}"#,
            html! {}, html! { span.filter-summary { "1,204 leads" } })))
        (dialog("columns", "Columns", table::column_picker("/leads/columns", &picked, html! {}, html! { (Button::primary("Show these")) })))
        div #grid.stack {
            (table::selectable("/leads/bulk", matching, ("lead", "leads"), hidden("filter", "{}"), html! {
                (Button::secondary("Tag").icon(Icon::Tag).small().name_value("action", "tag"))
                (Button::secondary("Owner").icon(Icon::User).small().name_value("action", "owner"))
                (Button::danger("Delete").icon(Icon::Trash).small().name_value("action", "delete").confirm("Delete {n}? This can be undone for 30 days."))
            }, rows))
            (Pager::new("1–50 of 9,240 leads").next(Some("?cursor=2".into())))
        }
    }
}

fn filter_fields() -> Vec<FilterField> {
    let field = |name: &str, label: &str, operators: &[FilterOperator]| FilterField {
        name: name.into(),
        label: label.into(),
        group: "Lead",
        operators: operators.to_vec(),
        options: vec![],
        suggests: false,
    };
    vec![
        FilterField {
            options: vec![("new".into(), "New".into()), ("contacted".into(), "Contacted".into()), ("replied".into(), "Replied".into())],
            ..field("status", "Status", &[("in", "is any of", FilterInput::Choices), ("is_not", "is not", FilterInput::Choice)])
        },
        field("score", "Score", &[("gte", "at least", FilterInput::Number), ("lte", "at most", FilterInput::Number)]),
        field("country", "Country", &[("eq", "is", FilterInput::Text), ("is_known", "is known", FilterInput::None)]),
        field("tags", "Tags", &[("any", "contain any of", FilterInput::List)]),
        field("created_at", "Created", &[("after", "after", FilterInput::Date)]),
    ]
}

fn record() -> Markup {
    html! {
        (page_header_under(&[("Leads", "grid.html")], "Ada Lovelace", "Chief Technology Officer at Analytical Engines", html! {
            (more_menu("More actions", html! { (menu_link(Icon::Download, "Export", "#")) (menu_button(Icon::Trash, "Delete", "/d", Tone::Danger, "Delete Ada Lovelace?")) }))
            (Button::secondary("Edit").icon(Icon::Edit).href("forms.html").shortcut("e"))
            (Button::primary("Add to campaign").icon(Icon::Campaign).href("forms.html"))
        }))
        (tabs("Views of this lead", &[Tab::new("Activity", "#a", true).count(48), Tab::new("E-mails", "#b", false).count(3), Tab::new("Notes", "#c", false)]))
        (split(
            html! {
                (card("Timeline", html! {}, timeline(html! {
                    @if let Ok(at) = "2026-09-22T08:30:00Z".parse() {
                        (timeline_item(Icon::Reply, Tone::Success, html! { "Replied to " a href="#" { "Autumn outreach, step 2" } }, ago(at), html! { "“Happy to talk next week, does Tuesday suit?”" }))
                        (timeline_item(Icon::Click, Tone::Accent, "Clicked fathom.example/pricing", ago(at), html! {}))
                        (timeline_item(Icon::MailOpen, Tone::Info, "Opened step 1", ago(at), html! { (badge(Tone::Neutral, "probably a machine")) }))
                        (timeline_item(Icon::Mail, Tone::Neutral, "Sent step 1 of Autumn outreach", ago(at), html! {}))
                        (timeline_item(Icon::Import, Tone::Neutral, "Imported from x-education-leads.csv", ago(at), html! {}))
                    }
                })))
            },
            html! {
                (card("Score", html! { (score_badge(92)) }, score_reasons(92, &reasons())))
                (card("Details", html! { a href="#" { "Edit" } }, definition_list([
                    ("E-mail", html! { a href="mailto:ada@analytical.example" { "ada@analytical.example" } }),
                    ("Phone", html! { "+44 20 7946 0958" }),
                    ("Status", status_dot(Tone::Violet, "Qualified")),
                    ("Owner", person("Grace Hopper", None)),
                    ("Tags", tags(&["conference", "emea"], 5)),
                    ("LinkedIn", html! {}),
                ])))
                (card("Account", html! {}, html! { (person("Analytical Engines", Some("412 employees · London"))) }))
            }
        ))
    }
}

fn numbers() -> Markup {
    let days: Vec<String> = (1..=31).map(|day| format!("{day} Aug")).collect();
    let created: Vec<i64> = (0..31).map(|day: i64| 120 + day * 9 + (day * 37 % 11) * 22).collect();
    let opened: Vec<i64> = created.iter().map(|value| value * 45 / 100).collect();
    let clicked: Vec<i64> = created.iter().map(|value| value * 12 / 100).collect();
    let stage = |label: &str, value| Stage { label: label.into(), value, href: Some("#".into()) };
    let bar = |label: &str, value| Bar { label: label.into(), value, href: Some("#".into()) };
    html! {
        (page_header("Analytics", "Last 30 days · people and automatic opens are counted apart", html! { (Button::secondary("Export").icon(Icon::Download).href("#")) }))
        (stats(html! {
            (Stat::new("Leads", "50,000").delta(Tone::Success, "+9,240 this week").href("#"))
            (Stat::new("Delivered", "12,840").detail("99.1% of 12,956 sent").href("#"))
            (Stat::new("Opened", "5,778").detail("45% of delivered").href("#"))
            (Stat::new("Replied", "412").delta(Tone::Success, "+48 this week").href("#"))
            (Stat::new("Bounced", "116").delta(Tone::Danger, "+0.4 points").href("#"))
        }))
        (card("From import to conversion", html! {}, funnel("Leads by the furthest stage they reached", &[
            stage("Imported", 50_000), stage("Mailed", 12_840), stage("Opened", 5_778), stage("Clicked", 1_540), stage("Replied", 412), stage("Converted", 57),
        ])))
        (columns(html! {
            (card("Leads over time", html! {}, line("New leads per day", &days, &[Series { name: "leads", values: &created }])))
            (card("Engagement", html! {}, line("Opens and clicks per day", &days, &[Series { name: "Delivered", values: &created }, Series { name: "Opened", values: &opened }, Series { name: "Clicked", values: &clicked }])))
            (card("Sources", html! {}, bars("Leads by source", "Leads", &[bar("Organic search", 21_840), bar("Direct traffic", 12_004), bar("Reference", 5_310), bar("Olark chat", 2_190), bar("Referral sites", 120)])))
            (card_flush("Steps", html! { a href="#" { "All campaigns" } }, table::wrap("Steps", html! {
                table.table {
                    thead { tr { (table::th("Step")) (table::th_num("Sent")) (table::th_num("Opened")) (table::th_num("Replied")) (table::th("Trend")) } }
                    tbody { @for (step, sent, open, reply) in [("1 Introduction", "1,000", "46%", "3.1%"), ("2 Case study", "942", "38%", "2.2%"), ("3 Last note", "871", "31%", "1.4%")] {
                        tr { td.is-title data-label="Step" { (step) } td.num data-label="Sent" { (sent) } td.num data-label="Opened" { (open) } td.num data-label="Replied" { (reply) } td data-label="Trend" { (sparkline("Opens per day, falling", &[9, 14, 11, 8, 5, 3, 2])) } }
                    } }
                }
            })))
        }))
    }
}

fn forms() -> Markup {
    html! {
        (page_header_under(&[("Campaigns", "#")], "Autumn outreach", "Draft · 3 steps · 1,000 leads", html! { (Button::secondary("Save draft")) (Button::primary("Launch").icon(Icon::Play).confirm("Send step 1 to 1,000 leads now?")) }))
        (split(html! {
            (card("Step 1", html! { (badge(Tone::Accent, "after 0 days")) }, html! {
                form.form.is-wide method="post" action="#" {
                    (form_error("Two fields need a look before this can be saved."))
                    (field_grid(html! {
                        (Field::text("name", "Name").value("Autumn outreach").required())
                        (Field::email("from", "From").value("grace@").error(Some("Not an e-mail address: nothing follows the @.")).required())
                        (Field::select("template", "Template", [("intro", "Introduction"), ("case", "Case study")]).value("case"))
                        (Field::number("delay", "Delay").value("3").suffix("days").hint("Counted from the step before."))
                    }))
                    (Field::text("subject", "Subject").placeholder("A question about {{ company }}").hint(html! { "Variables: " code { "{{ first_name }}" } " " code { "{{ company }}" } }))
                    (Field::textarea("body", "Text", 6).value("Hello {{ first_name }},\n\nI saw what {{ company }} does with looms."))
                    (Field::checkbox("track_opens", "Track opens").checked(true).hint("Adds a pixel; opens by machines are counted apart."))
                    (Field::checkbox("track_clicks", "Track clicks"))
                    (form_actions(html! { (Button::primary("Save")) (Button::secondary("Preview").icon(Icon::Eye)) (Button::ghost("Cancel").href("#")) (Button::danger("Delete step").icon(Icon::Trash)) (Button::secondary("Off").disabled(true)) }))
                }
            }))
        }, html! {
            (card("Preflight", html! {}, steps(&[
                Step { title: "Audience".into(), text: "1,000 leads match, 14 have no e-mail address.".into(), done: true, href: None },
                Step { title: "Variables".into(), text: "Step 2 uses {{ title }}: 3 leads have none.".into(), done: false, href: Some("#".into()) },
                Step { title: "Launch".into(), text: String::new(), done: false, href: Some("#".into()) },
            ])))
            (notice(Tone::Info, html! { p { "The mail catcher is on: nothing leaves this machine." } }))
        }))
    }
}

fn states() -> Markup {
    html! {
        (page_header("Import a file", "CSV with a header line, up to 1 GB", html! {}))
        (drop_zone("/imports", "file", ".csv,text/csv", "Drop a CSV file here, or choose one", "Columns are recognised by their names; you check them on the next page.", html! {}))
        (card("leads-50k.csv", html! { (status_running(Tone::Accent, "Importing")) }, html! {
            (progress("Reading rows", 31_240, 50_000))
            (progress("Waiting for the last batch", 0, 0))
        }))
        (notice_with(Tone::Warning, html! { p { strong { "12 rows were rejected." } " The other 49,988 are in." } }, html! { (Button::secondary("Download the rows").small().icon(Icon::Download).href("#")) }))
        (notice(Tone::Success, html! { p { "Imported 9,240 leads; 0 were there already." } }))
        (notice(Tone::Danger, html! { p { "This is not a CSV file: it starts like a ZIP archive. Export the sheet as CSV and try again." } }))
        (columns(html! {
            (card("", html! {}, empty_state(Icon::Campaign, "No campaigns yet", "A campaign mails a sequence to the leads a filter finds. Start with a template.", html! { (Button::primary("New campaign").href("#")) (Button::secondary("New template").href("#")) })))
            (card("", html! {}, error_state("The numbers could not be read", "The database did not answer in time. Nothing was changed; reload in a moment.", html! { (Button::secondary("Reload").icon(Icon::Refresh).href("")) })))
            (card("Loading", html! {}, skeleton(5)))
            (card("Marks", html! {}, html! { div.stack {
                p { (badge(Tone::Neutral, "draft")) " " (badge(Tone::Accent, "running")) " " (badge(Tone::Success, "done")) " " (badge(Tone::Warning, "paused")) " " (badge(Tone::Danger, "failed")) " " (badge(Tone::Info, "info")) " " (badge(Tone::Violet, "qualified")) }
                p { (status_dot(Tone::Neutral, "Draft")) " " (status_running(Tone::Success, "Running")) " " (status_dot(Tone::Warning, "Paused")) " " (status_dot(Tone::Danger, "Failed")) }
                p { (score_badge(92)) " " (score_badge(55)) " " (score_badge(8)) }
                p { (kbd("Ctrl")) " " (kbd("K")) " " (number(1_234_567)) " " (bytes(18_400_000)) }
                div.chips { @for glyph in ALL_ICONS { (icon(glyph)) } }
            } }))
        }))
    }
}

const ALL_ICONS: [Icon; 58] = [
    Icon::Home,
    Icon::Leads,
    Icon::Account,
    Icon::Import,
    Icon::Campaign,
    Icon::Template,
    Icon::Suppression,
    Icon::Mailbox,
    Icon::Chart,
    Icon::Settings,
    Icon::Score,
    Icon::Team,
    Icon::Search,
    Icon::Plus,
    Icon::Minus,
    Icon::Check,
    Icon::Close,
    Icon::More,
    Icon::Menu,
    Icon::ChevronDown,
    Icon::ChevronRight,
    Icon::ChevronLeft,
    Icon::ArrowUp,
    Icon::ArrowDown,
    Icon::ArrowRight,
    Icon::Upload,
    Icon::Download,
    Icon::Edit,
    Icon::Trash,
    Icon::Filter,
    Icon::Columns,
    Icon::Tag,
    Icon::Clock,
    Icon::Mail,
    Icon::MailOpen,
    Icon::Click,
    Icon::Reply,
    Icon::Bounce,
    Icon::Play,
    Icon::Pause,
    Icon::Stop,
    Icon::Refresh,
    Icon::Alert,
    Icon::Info,
    Icon::Sun,
    Icon::Moon,
    Icon::Screen,
    Icon::Logout,
    Icon::Phone,
    Icon::Link,
    Icon::External,
    Icon::Pin,
    Icon::Eye,
    Icon::Bolt,
    Icon::Undo,
    Icon::Keyboard,
    Icon::User,
    Icon::Document,
];

fn login() -> Markup {
    html! {
        h1 { "Sign in" }
        form.form method="post" action="#" {
            (Field::email("email", "E-mail").autocomplete("username").required())
            (Field::password("password", "Password").autocomplete("current-password").required())
            (form_actions(html! { (Button::primary("Sign in")) }))
        }
        p { "New here? " a href="#" { "Create an organisation" } }
    }
}
