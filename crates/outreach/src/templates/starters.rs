//! Texts to begin with, offered where there is no template yet.

use super::TemplateContent;

/// A ready text.
pub(super) struct Starter {
    /// In the address of its button.
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    /// When to use it.
    pub(super) about: &'static str,
    subject: &'static str,
    html: &'static str,
}

pub(super) const STARTERS: [Starter; 3] = [
    Starter {
        key: "introduction",
        name: "Introduction",
        about: "The first mail: who you are, why them, one question.",
        subject: "A question about {{ company | default(\"your team\") }}",
        html: "<p>Hi {{ first_name | default(\"there\") }},</p>\n\
<p>I am {{ sender_name }} from {{ organisation }}. I came across {{ company | default(\"your company\") }}{% if industry %} while looking at {{ industry | lower }} companies{% endif %} and wondered how you handle this today.</p>\n\
<p>We help teams like yours to spend less time on it. Would a short call next week be worth your while?</p>\n\
<p>Best regards,<br>{{ sender_name }}</p>\n",
    },
    Starter {
        key: "follow-up",
        name: "Follow-up",
        about: "A few days later: short, adds one useful thing.",
        subject: "Following up, {{ first_name | default(\"hello again\") }}",
        html: "<p>Hi {{ first_name | default(\"there\") }},</p>\n\
<p>I wrote to you a few days ago and know how full an inbox gets. One thing that may help you decide: teams of {{ company | default(\"your company\") }}'s kind usually see within two weeks whether this is for them.</p>\n\
<p>Shall I send you a short example, or is somebody else the right person to ask?</p>\n\
<p>Best regards,<br>{{ sender_name }}</p>\n",
    },
    Starter {
        key: "break-up",
        name: "Break-up",
        about: "The last one: closes politely, leaves the door open.",
        subject: "Should I close this, {{ first_name | default(\"or not yet\") }}?",
        html: "<p>Hi {{ first_name | default(\"there\") }},</p>\n\
<p>I have not heard back, so I assume this is not a priority for {{ company | default(\"you\") }} now. I will not write again about it.</p>\n\
<p>If that changes, just answer this mail. I wish you a good quarter.</p>\n\
<p>Best regards,<br>{{ sender_name }}</p>\n",
    },
];

impl Starter {
    pub(super) fn content(&self) -> TemplateContent {
        TemplateContent { name: self.name.to_owned(), subject: self.subject.to_owned(), html: self.html.to_owned(), text: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::{
        checks::{Level, checks},
        render::CompiledMail,
        variables::{Sender, example_values, known_names},
    };

    #[test]
    fn starters_pass_their_own_checks() {
        let sender = Sender { name: "Grace", email: "grace@sender.example", organisation: "Acme" };
        for starter in STARTERS {
            let content = starter.content().checked(&known_names(&[])).unwrap();
            let rendered = CompiledMail::new(content.source()).unwrap().render_complete(&example_values(sender, &[])).unwrap();
            let found = checks(content.source(), &known_names(&[]), Some(&rendered));
            assert!(found.iter().all(|check| check.level == Level::Pass), "{}: {found:?}", starter.name);
        }
    }
}
