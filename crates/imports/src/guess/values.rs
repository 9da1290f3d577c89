//! Values as files write them.

use leads::model::{Status, parse_whole};

use super::normal;

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

/// A status by the words that the usual programs have for it. `0`, `no` and `false` (as in a column
/// `Converted`) say nothing.
pub(crate) fn status(text: &str) -> Result<Option<Status>, String> {
    let word = normal(text);
    Ok(Some(match word.as_str() {
        "" | "0" | "no" | "n" | "false" => return Ok(None),
        "new" | "open" | "open not contacted" | "cold" | "lead" | "subscriber" | "not contacted" | "uncontacted" => Status::New,
        "contacted" | "working" | "working contacted" | "attempted to contact" | "in progress" | "approaching" | "contact attempted" => {
            Status::Contacted
        }
        "replied" | "connected" | "responded" | "engaged" | "interested" => Status::Replied,
        "qualified"
        | "open deal"
        | "marketing qualified lead"
        | "sales qualified lead"
        | "marketingqualifiedlead"
        | "salesqualifiedlead"
        | "mql"
        | "sql"
        | "opportunity" => Status::Qualified,
        "converted" | "closed converted" | "closed won" | "won" | "customer" | "1" | "yes" | "y" | "true" => Status::Converted,
        "lost"
        | "closed not converted"
        | "closed lost"
        | "unqualified"
        | "disqualified"
        | "not interested"
        | "bad timing"
        | "do not contact" => Status::Lost,
        "unsubscribed" | "opted out" | "do not email" => Status::Unsubscribed,
        _ => {
            let shown: String = text.chars().take(40).collect();
            return Err(format!("{shown:?} is not a status: use new, contacted, replied, qualified, converted, lost or unsubscribed"));
        }
    }))
}
