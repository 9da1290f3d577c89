//! How large a tree a body becomes, found out without building it to the end.
//!
//! A parser has to build whatever broken markup asks for: `<p><b id=1><p><b id=2>…` opens every earlier
//! `b` again in each paragraph, so some kilobytes become gigabytes, and elements nested ten thousand deep
//! take minutes. Mail programs give up on such bodies; so do we, before anything lays them out.

use std::{borrow::Cow, cell::RefCell, rc::Rc};

use html5ever::{
    Attribute, ExpandedName, LocalName, Namespace, QualName, parse_document,
    tendril::{StrTendril, TendrilSink},
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
};

/// Elements in each other. Layouts of tables in tables come to some forty.
pub const MAX_DEPTH: usize = 128;
/// Elements in all.
pub const MAX_ELEMENTS: usize = 20_000;

/// Bytes parsed between two looks at the tree: what one piece can add is bounded by what is there.
const PIECE: usize = 1024;

/// Why this body is not for any mail program, if so.
pub fn tangled(html: &str) -> Option<String> {
    // So few tags cannot come to much, whatever they are.
    if html.bytes().filter(|byte| *byte == b'<').count() < MAX_DEPTH {
        return None;
    }
    let tree = Rc::new(Tree::default());
    let mut parser = parse_document(Sink(tree.clone()), html5ever::ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE.min(rest.len())));
        parser.process(StrTendril::from(piece));
        rest = after;
        if let Some(why) = tree.too_large() {
            return Some(why);
        }
    }
    parser.finish();
    tree.too_large()
}

type Handle = Rc<(usize, QualName)>;

/// The parent of each node by its number; the document is 0.
#[derive(Default)]
struct Tree {
    parents: RefCell<Vec<usize>>,
    deepest: RefCell<usize>,
}

impl Tree {
    fn too_large(&self) -> Option<String> {
        if self.parents.borrow().len() > MAX_ELEMENTS {
            return Some(format!("the body comes to more than {MAX_ELEMENTS} elements; close what is open, or shorten it"));
        }
        (*self.deepest.borrow() > MAX_DEPTH).then(|| format!("elements are nested more than {MAX_DEPTH} deep; close what is open"))
    }

    fn add(&self, name: QualName) -> Handle {
        let mut parents = self.parents.borrow_mut();
        parents.push(0);
        Rc::new((parents.len(), name))
    }

    fn place(&self, child: usize, parent: usize) {
        let mut parents = self.parents.borrow_mut();
        if let Some(slot) = child.checked_sub(1).and_then(|at| parents.get_mut(at)) {
            *slot = parent;
        }
        let (mut depth, mut at) = (1, parent);
        while at > 0 && depth <= MAX_DEPTH {
            at = parents.get(at - 1).copied().unwrap_or_default();
            depth += 1;
        }
        let mut deepest = self.deepest.borrow_mut();
        *deepest = depth.max(*deepest);
    }

    fn parent_of(&self, node: usize) -> usize {
        node.checked_sub(1).and_then(|at| self.parents.borrow().get(at).copied()).unwrap_or_default()
    }
}

/// What the parser builds into.
struct Sink(Rc<Tree>);

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}
    fn parse_error(&self, _: Cow<'static, str>) {}
    fn get_document(&self) -> Handle {
        Rc::new((0, nameless()))
    }
    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.1.expanded()
    }
    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Handle {
        self.0.add(name)
    }
    fn create_comment(&self, _: StrTendril) -> Handle {
        self.0.add(nameless())
    }
    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        self.0.add(nameless())
    }
    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(child) = child {
            self.0.place(child.0, parent.0);
        }
    }
    fn append_based_on_parent_node(&self, element: &Handle, _: &Handle, child: NodeOrText<Handle>) {
        self.append_before_sibling(element, child);
    }
    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        if let NodeOrText::AppendNode(child) = child {
            self.0.place(child.0, self.0.parent_of(sibling.0));
        }
    }
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }
    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.0 == y.0
    }
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &Handle) {}
    // The new parent becomes a child of the old one: that is one level more, which does not matter here.
    fn reparent_children(&self, _: &Handle, _: &Handle) {}
}

fn nameless() -> QualName {
    QualName::new(None, Namespace::from(""), LocalName::from(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_let_through() {
        let row = "<tr><td><p>Hi <b>Ada</b><br><a href=\"https://a.example\">a</a></p></td></tr>";
        let tables = format!("{}{}{}", "<table><tbody><tr><td>".repeat(20), row.repeat(500), "</td></tr></tbody></table>".repeat(20));
        assert_eq!(tangled(&tables), None);
        // Closed by the next one, as authors leave them.
        assert_eq!(tangled(&"<p>a<li>b<br>".repeat(3000)), None);
        assert_eq!(tangled(""), None);
    }

    #[test]
    fn what_would_never_end_is_refused_at_once() {
        let began = std::time::Instant::now();
        for element in ["<div>", "<blockquote>", "<b>", "<ul><li>", "<table><tr><td>", "<svg><g>", "<li><dd>"] {
            assert!(tangled(&element.repeat(200_000 / element.len())).is_some(), "{element}");
        }
        let paragraphs: String = (0..10_000).map(|n| format!("<p><b id={n}>")).collect();
        assert!(tangled(&paragraphs).is_some());
        assert!(tangled(&"<div><table><td></div></table>".repeat(8000)).is_some());
        assert!(tangled(&"<i>a</i>".repeat(MAX_ELEMENTS + 1)).is_some_and(|why| why.contains("20000")));
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
