use std::collections::BTreeMap;

use http_kit::App;
use jiff::Timestamp;
use kernel::{OrgId, SendId};
use mail::{Mailbox, OutgoingMail, html};

use super::{
    footer::{Letterhead, with_footer},
    headers::headers,
    stored::{StoredMail, idempotency_key},
    token::{Purpose, Token},
};
use crate::{
    model::{Campaign, Step},
    templates::{render::CompiledMail, variables::Recipient},
};

/// Turns sends of one campaign into messages. Parses the steps once.
pub(crate) struct Composer {
    app: App,
    org: OrgId,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    letterhead: Letterhead,
    steps: BTreeMap<i16, Result<CompiledMail, String>>,
    custom: Vec<String>,
}

impl Composer {
    pub(crate) fn new(app: &App, org: OrgId, campaign: &Campaign, steps: &[Step], letterhead: Letterhead) -> Self {
        let compiled = steps.iter().map(|step| (step.position, CompiledMail::new(step.source()).map_err(|error| error.to_string())));
        Self {
            app: app.clone(),
            org,
            from: campaign.sender(),
            reply_to: (!campaign.reply_to.is_empty()).then(|| Mailbox::new(campaign.sender_name.clone(), campaign.reply_to.clone())),
            letterhead,
            steps: compiled.collect(),
            custom: custom_names(steps),
        }
    }

    /// The whole message of a send, or why there cannot be one.
    pub(crate) fn compose(
        &self,
        send: SendId,
        step: i16,
        recipient: &Recipient,
        thread: &[String],
        now: Timestamp,
    ) -> Result<StoredMail, String> {
        let email = recipient.email.clone().ok_or_else(|| "the lead has no e-mail address".to_owned())?;
        let compiled = self.steps.get(&step).ok_or_else(|| format!("there is no step {step}"))?.as_ref().map_err(Clone::clone)?;
        let (secret, config) = (&self.app.config.secret, &self.app.config);
        let token = Token::new(self.org, send);
        let unsubscribe = config.link(&format!("/u/{}", token.sign(Purpose::Unsubscribe, secret)));

        let values = recipient.values(self.letterhead.sender(&self.from), &unsubscribe, &self.custom);
        let rendered = compiled.render_complete(&values).map_err(|error| error.to_string())?;
        // The text keeps the author's addresses: nobody should read a page of tracking codes.
        let mail = with_footer(rendered, &self.letterhead, &unsubscribe).map_err(|error| error.to_string())?;
        let tracked = html::rewrite_links(&mail.html, |url| {
            if url == unsubscribe {
                return url.to_owned();
            }
            let token = Token { url: url.to_owned(), ..token.clone() };
            config.link(&format!("/t/c/{}", token.sign(Purpose::Click, secret)))
        });
        let pixel = config.link(&format!("/t/o/{}.gif", token.sign(Purpose::Open, secret)));
        let body = tracked.and_then(|tracked| html::append_open_pixel(&tracked, &pixel)).map_err(|error| error.to_string())?;

        let outgoing = OutgoingMail {
            idempotency_key: idempotency_key(send),
            from: self.from.clone(),
            to: Mailbox::new(recipient.name.clone(), email),
            reply_to: self.reply_to.clone(),
            subject: mail.subject,
            html: body,
            text: mail.text,
            headers: headers(&unsubscribe, self.reply_to.as_ref().unwrap_or(&self.from), thread),
            message_id: mail::new_message_id(send.uuid(), &self.from),
            date: now,
            tags: vec![("org".to_owned(), self.org.to_string()), ("send".to_owned(), send.to_string())],
        };
        outgoing.check().map_err(|error| error.to_string())?;
        Ok(StoredMail::new(send, outgoing))
    }
}

/// The custom fields that steps name. A lead that lacks one has it empty, not unknown.
pub(crate) fn custom_names(steps: &[Step]) -> Vec<String> {
    let parts = steps.iter().flat_map(|step| [&step.subject, &step.html, &step.text]);
    let mut names: Vec<String> = parts
        .flat_map(|part| mail::template::variables(part).unwrap_or_default())
        .filter_map(|name| name.strip_prefix("custom.").map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}
