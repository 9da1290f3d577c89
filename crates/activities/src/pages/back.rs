use kernel::LeadId;

/// Where a form leads after it is saved: where the person was, if that is a page that shows tasks or a lead.
pub(super) fn back(asked: &str, lead: Option<LeadId>) -> String {
    let is_ours = asked == "/tasks" || asked.starts_with("/tasks?") || asked.starts_with("/leads/lead_");
    // What cannot stand in a header must not come into one.
    if is_ours && asked.len() <= 500 && asked.bytes().all(|byte| byte.is_ascii_graphic()) {
        return asked.to_owned();
    }
    lead.map_or_else(|| "/tasks".to_owned(), |lead| format!("/leads/{lead}"))
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn only_pages_of_ours_are_gone_back_to() {
        assert_eq!(back("/tasks?assignee=me", None), "/tasks?assignee=me");
        let lead = kernel::LeadId::new();
        assert_eq!(back("", Some(lead)), format!("/leads/{lead}"));
        for other in ["//evil.example", "https://evil.example", "/tasks\r\nx: y", "/tasksX", "/leads/"] {
            assert_eq!(back(other, None), "/tasks", "{other}");
        }
    }
}
