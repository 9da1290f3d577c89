use maud::{Markup, html};

use crate::templates::variables::VARIABLES;

/// The variables there are. With scripts a press puts one where the cursor was; without, they are read
/// and typed.
pub(crate) fn panel(custom: &[String]) -> Markup {
    html! {
        variable-panel {
            p.field-hint { "Press one to put it where your cursor was. A lead without a value gets the fallback." }
            dl.variables {
                @for variable in VARIABLES {
                    @let code = if variable.may_be_empty { format!("{{{{ {} | default(\"…\") }}}}", variable.name) } else { format!("{{{{ {} }}}}", variable.name) };
                    div { dt { (variable.label) } dd { code data-insert=(code) { (variable.name) } } }
                }
                @for name in custom {
                    div { dt { (name) " (custom)" } dd { code data-insert={ "{{ custom." (name) " | default(\"…\") }}" } { "custom." (name) } } }
                }
            }
            p.field-hint { "Also: " code { "{% if company %}…{% endif %}" } ", and the filters default, upper, lower, title, trim, truncate, date." }
        }
    }
}
