//! Values as files write them.

use leads::model::{Status, parse_whole};

use super::{
    date::{DateOrder, date},
    kind::boolean,
    normal,
    number::{Decimals, number},
};

/// A number that JSON can say in the same way.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    text.len() <= 15 && all_digits(whole) && !leading_zero && fraction.is_none_or(all_digits)
}

/// A number of employees: `250`, `1,200`, also `51-200` and `10,000+`, of which the lower end counts.
pub(crate) fn employees(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim().trim_end_matches(" employees").trim();
    let low = text
        .split_once(['-', '–'])
        .map_or(text, |(low, high)| if high.trim().starts_with(|c: char| c.is_ascii_digit()) { low } else { text });
    parse_whole(low.trim().trim_end_matches('+'))
}

/// A whole number that is no number of people: an amount of money.
pub(crate) fn amount(text: &str, decimals: Decimals) -> Result<Option<i64>, String> {
    parse_whole(text).or_else(|why| {
        let number = number(text, decimals).map_err(|_| why.clone())?;
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the filter before it")]
        number.as_f64().filter(|number| number.abs() < 9e15).map(|number| Some(number.round() as i64)).ok_or(why)
    })
}

/// A status by the words that the usual programs have for it: nothing for a word that is none of them. `0`, `no` and
/// `false` (as in a column `Converted`) and what is neither here nor there in a funnel (`Other`) are known, and say
/// nothing.
pub(crate) fn status(text: &str) -> Option<Option<Status>> {
    let word = normal(text);
    let objects = ["unsubscrib", "opted out", "opt out", "do not email", "do not e mail"];
    if objects.iter().any(|objection| word.contains(objection)) {
        return Some(Some(Status::Unsubscribed));
    }
    Some(Some(match word.as_str() {
        "" | "0" | "no" | "n" | "false" | "other" | "none" | "null" | "n a" | "unknown" | "not set" | "partner" | "vendor"
        | "competitor" | "employee" => return Some(None),
        "new" | "open" | "open not contacted" | "cold" | "lead" | "new lead" | "prospect" | "subscriber" | "not contacted"
        | "uncontacted" | "not started" => Status::New,
        "contacted"
        | "working"
        | "working contacted"
        | "attempted to contact"
        | "attempting"
        | "attempted"
        | "in progress"
        | "approaching"
        | "contact attempted"
        | "nurture"
        | "nurturing" => Status::Contacted,
        "replied" | "connected" | "responded" | "engaged" | "interested" | "warm" => Status::Replied,
        "qualified"
        | "open deal"
        | "marketing qualified lead"
        | "sales qualified lead"
        | "marketingqualifiedlead"
        | "salesqualifiedlead"
        | "mql"
        | "sql"
        | "opportunity"
        | "hot" => Status::Qualified,
        "converted" | "closed converted" | "closed won" | "won" | "customer" | "client" | "evangelist" | "1" | "yes" | "y" | "true" => {
            Status::Converted
        }
        "lost"
        | "closed not converted"
        | "closed lost"
        | "unqualified"
        | "disqualified"
        | "not interested"
        | "bad timing"
        | "do not contact"
        | "dead"
        | "junk"
        | "churned"
        | "former customer" => Status::Lost,
        _ => return None,
    }))
}

/// Whether somebody does not want to be mailed, as a column of that name says it: yes or no, or the day on which they
/// said so.
pub(crate) fn opt_out(text: &str) -> Result<bool, String> {
    if let Some(yes) = boolean(text) {
        return Ok(yes);
    }
    match normal(text).as_str() {
        "unsubscribed" | "opted out" | "opt out" | "optedout" | "optout" | "out" | "do not email" | "do not contact" => Ok(true),
        "subscribed" | "opted in" | "opt in" | "optedin" | "optin" | "in" => Ok(false),
        _ if [DateOrder::Dmy, DateOrder::Mdy].iter().any(|order| date(text, *order).is_some()) => Ok(true),
        _ => {
            let shown: String = text.chars().take(40).collect();
            Err(format!("{shown:?} does not say whether this person wants mail; write yes where they do not, else no"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_other_programs_are_known() {
        for (word, known) in [
            ("Evangelist", Some(Some(Status::Converted))),
            ("Subscriber", Some(Some(Status::New))),
            ("Sales Qualified Lead", Some(Some(Status::Qualified))),
            ("salesqualifiedlead", Some(Some(Status::Qualified))),
            ("Unsubscribed from all email", Some(Some(Status::Unsubscribed))),
            ("Other", Some(None)),
            ("", Some(None)),
            ("Tuesday", None),
        ] {
            assert_eq!(status(word), known, "{word}");
        }
    }

    #[test]
    fn an_objection_is_a_yes_or_its_day() {
        for text in ["TRUE", "1", "Yes", "x", "Unsubscribed", "2024-01-05 10:00", "05/01/2024"] {
            assert_eq!(opt_out(text), Ok(true), "{text}");
        }
        for text in ["false", "0", "No", "Subscribed"] {
            assert_eq!(opt_out(text), Ok(false), "{text}");
        }
        assert!(opt_out("perhaps").is_err());
    }

    #[test]
    fn money_is_read_with_its_marks() {
        for (text, amount_of) in [("$1,200", 1200), ("1.200.000,50 €", 1_200_001), ("1,200.40", 1200), ("1.5M", 1_500_000)] {
            assert_eq!(amount(text, Decimals::Point), Ok(Some(amount_of)), "{text}");
        }
        assert!(amount("much", Decimals::Point).is_err());
    }
}
