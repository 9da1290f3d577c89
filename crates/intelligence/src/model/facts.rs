/// What a score is made from. Borrowed from a row, so that scoring a batch copies no text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    pub email: Option<&'a str>,
    pub has_phone: bool,
    pub has_linkedin: bool,
    /// As the source named it; the title is asked when this says nothing.
    pub seniority: &'a str,
    pub title: &'a str,
    pub department: &'a str,
    pub employee_count: Option<i32>,
    pub annual_revenue: Option<i64>,
    pub industry: &'a str,
    pub country: &'a str,
    pub engagement: Engagement,
}

/// How often a person (not a machine) did what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engagement {
    pub opens: i32,
    pub clicks: i32,
    pub replies: i32,
    pub bounces: i32,
    pub complaints: i32,
    pub unsubscribes: i32,
}
