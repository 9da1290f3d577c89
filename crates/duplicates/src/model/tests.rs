use std::collections::HashMap;

use kernel::{LeadId, Uuid};
use proptest::prelude::*;

use super::{
    cluster::{Edge, form},
    *,
};

fn person(n: u128, fields: &[(&str, &str)]) -> Person {
    let get = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default();
    let facts = Facts {
        first_name: get("first"),
        last_name: get("last"),
        email: get("email"),
        phone: get("phone"),
        linkedin_url: get("linkedin"),
        company_name: get("company"),
        company_domain: get("domain"),
        external_id: get("external"),
        title: get("title"),
        city: get("city"),
        country: get("country"),
    };
    Person::new(Uuid::from_u128(n).into(), &facts)
}

fn probability(a: &[(&str, &str)], b: &[(&str, &str)]) -> f64 {
    let comparison = compare(&person(1, a), &person(2, b), Sharing::default());
    Calibration::default().probability(comparison.bits)
}

const ACME: (&str, &str) = ("company", "Acme Robotics Inc.");

#[test]
fn one_person_in_two_spellings_is_found() {
    for (a, b) in [
        ([("first", "Robert"), ("last", "Miller")], [("first", "Bob"), ("last", "Miller")]),
        ([("first", "Jürgen"), ("last", "Müller")], [("first", "Juergen"), ("last", "Mueller")]),
        ([("first", "Ada"), ("last", "Lovelace")], [("first", "Lovelace"), ("last", "Ada")]),
        ([("first", "Catherine"), ("last", "Johansson")], [("first", "Catherine"), ("last", "Johanson")]),
        ([("first", "Иван"), ("last", "Петров")], [("first", "Ivan"), ("last", "Petrov")]),
    ] {
        let (mut a, mut b) = (a.to_vec(), b.to_vec());
        a.extend([ACME, ("phone", "+1 555 010 2030")]);
        b.extend([("company", "ACME Robotics"), ("phone", "5550102030")]);
        assert!(probability(&a, &b) > 0.95, "{a:?} {b:?}: {}", probability(&a, &b));
    }
}

#[test]
fn people_who_share_a_mailbox_or_a_switchboard_stay_apart() {
    let at = |first: &'static str, last: &'static str, email: &'static str| {
        vec![("first", first), ("last", last), ("email", email), ACME, ("phone", "+1 555 010 2030"), ("city", "Denver")]
    };
    for (a, b) in [
        (at("Ada", "Byron", "info@acme.com"), at("Grace", "Hopper", "info+us@acme.com")),
        (at("Ada", "Byron", "ada@acme.com"), at("Charles", "Byron", "charles@acme.com")),
        (at("Mario", "Rossi", "m.rossi@acme.com"), at("Maria", "Rossi", "maria.rossi@acme.com")),
        (at("John", "Smith", "sales@acme.com"), at("Jane", "Smith", "sales@eu.acme.com")),
    ] {
        assert!(probability(&a, &b) < 0.2, "{a:?} {b:?}: {}", probability(&a, &b));
        assert!(compare(&person(1, &a), &person(2, &b), Sharing::default()).contradicts());
    }
}

#[test]
fn one_name_is_not_one_person() {
    let smith =
        |email: &'static str, company: &'static str| vec![("first", "John"), ("last", "Smith"), ("email", email), ("company", company)];
    assert!(probability(&smith("john@acme.com", "Acme"), &smith("jsmith@looms.com", "Looms")) < 0.2);
    let shared = Sharing { name: 30, phone: 0 };
    let (a, b) = (person(1, &smith("", "Acme")), person(2, &smith("", "Acme")));
    assert!(compare(&a, &b, shared).bits < compare(&a, &b, Sharing::default()).bits, "a frequent name says less");
}

#[test]
fn a_chain_breaks_where_its_ends_contradict() {
    let id = |n: u128| LeadId::from(Uuid::from_u128(n));
    let (a, b, c, d) = (id(1), id(2), id(3), id(4));
    let edges = [Edge { a, b, bits: 9.0 }, Edge { a: b, b: c, bits: 7.0 }, Edge { a: c, b: d, bits: 8.0 }];
    let all = form(&edges, |_, _| false);
    assert_eq!(all, [Cluster { leads: vec![a, b, c, d], bits: 7.0 }]);
    let split = form(&edges, |x, y| (x.min(y), x.max(y)) == (a, c));
    assert_eq!(split, [Cluster { leads: vec![a, b], bits: 9.0 }, Cluster { leads: vec![c, d], bits: 8.0 }]);
    let reversed: Vec<Edge> = edges.iter().rev().copied().collect();
    assert_eq!(form(&reversed, |_, _| false), all, "the order of the pairs does not matter");
}

/// One of the known values, or something odd.
fn one_of(known: &'static [&'static str], odd: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![prop::sample::select(known).prop_map(str::to_owned), odd]
}

fn fields() -> impl Strategy<Value = Facts> {
    let first = one_of(&["", "Ada", "Bob", "Robert", "A.", "Jürgen", "Byron, Ada"], "\\PC{0,12}");
    let last = one_of(&["", "Byron", "Biron", "Smith"], "\\PC{0,12}");
    let email = one_of(&["", "ada@acme.com", "a.da+x@gmail.com", "info@acme.com"], "[a-z.+]{0,8}@[a-z.]{0,8}");
    let company = one_of(&["", "Acme Inc", "Acme"], "\\PC{0,12}");
    let phone = one_of(&["", "+1 555 010 2030"], "[0-9 ]{0,12}");
    let url = one_of(&["", "https://linkedin.com/in/ada"], "linkedin.com/in/[a-z]{0,3}");
    (first, last, email, company, phone, url).prop_map(|(first_name, last_name, email, company_name, phone, linkedin_url)| Facts {
        first_name,
        last_name,
        email,
        company_name,
        phone,
        linkedin_url,
        ..Facts::default()
    })
}

proptest! {
    #[test]
    fn comparing_is_symmetric_and_never_panics(a in fields(), b in fields(), name in 0_usize..60, phone in 0_usize..60) {
        let (a, b) = (Person::new(Uuid::from_u128(1).into(), &a), Person::new(Uuid::from_u128(2).into(), &b));
        let sharing = Sharing { name, phone };
        let (one, other) = (compare(&a, &b, sharing), compare(&b, &a, sharing));
        prop_assert_eq!(&one, &other);
        prop_assert!(one.bits.is_finite());
        prop_assert_eq!(keys(&a), keys(&a.clone()));
    }

    #[test]
    fn nobody_is_in_two_clusters_and_no_cluster_holds_a_contradiction(pairs in prop::collection::vec((1_u128..15, 1_u128..15, -2.0_f64..20.0), 0..40), against in prop::collection::vec((1_u128..15, 1_u128..15), 0..10)) {
        let id = |n: u128| LeadId::from(Uuid::from_u128(n));
        let edges: Vec<Edge> = pairs.iter().filter(|(a, b, _)| a != b).map(|&(a, b, bits)| Edge { a: id(a), b: id(b), bits }).collect();
        let contradict = |a: LeadId, b: LeadId| against.iter().any(|&(x, y)| (id(x), id(y)) == (a, b) || (id(y), id(x)) == (a, b));
        let clusters = form(&edges, contradict);
        let mut seen: HashMap<LeadId, usize> = HashMap::new();
        for (n, cluster) in clusters.iter().enumerate() {
            prop_assert!(cluster.leads.len() > 1 && cluster.bits.is_finite());
            for lead in &cluster.leads {
                prop_assert!(seen.insert(*lead, n).is_none());
                prop_assert!(cluster.leads.iter().all(|other| other == lead || !contradict(*lead, *other)));
            }
        }
    }
}
