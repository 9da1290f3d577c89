//! Extra attributes on a component, for htmx and data attributes that maud cannot name dynamically.

use maud::Render;

/// An ordered list of attributes. Names are part of the program text, values are escaped.
#[derive(Clone, Default)]
pub struct Attrs(Vec<(&'static str, Option<String>)>);

impl Attrs {
    /// Adds `name="value"`; a name that is there already is replaced.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.put(name, Some(value.into()));
    }

    /// Adds a boolean attribute (`hidden`, `disabled`).
    pub fn flag(&mut self, name: &'static str) {
        self.put(name, None);
    }

    fn put(&mut self, name: &'static str, value: Option<String>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Writes ` name="value"` for each attribute, with the leading space.
    pub(crate) fn write(&self, out: &mut String) {
        for (name, value) in &self.0 {
            attr(out, name, value.as_deref());
        }
    }
}

/// Writes one attribute with its leading space; `None` writes the bare name.
pub(crate) fn attr(out: &mut String, name: &str, value: Option<&str>) {
    out.push(' ');
    out.push_str(name);
    if let Some(value) = value {
        out.push_str("=\"");
        value.render_to(out);
        out.push('"');
    }
}
