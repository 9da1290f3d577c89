//! Short forms of first names. Each line is one name: its full form first.

const NAMES: &[&str] = &[
    "abigail abby gail",
    "albert al bert bertie",
    "alexander alex sasha xander alec",
    "alexandra alexa sandra lexi",
    "alfred alf alfie fred",
    "amanda mandy",
    "andrew andy drew",
    "anthony tony",
    "arthur art",
    "barbara barb babs",
    "benjamin ben benny",
    "catherine kate kathy cathy katie cat katherine kathryn",
    "charles charlie chuck chas",
    "charlotte charly lottie",
    "christina chris tina christine christy",
    "christopher chris topher kit",
    "cynthia cindy",
    "daniel dan danny",
    "david dave davy",
    "deborah deb debbie",
    "dmitri dima dmitry",
    "dorothy dot dottie",
    "edward ed eddie ted ned",
    "eleanor ellie nora",
    "elizabeth liz beth betty lizzie eliza lisa",
    "emily em emmy",
    "ferdinand ferdi",
    "francis frank",
    "francisco paco pancho",
    "frederick fred freddy",
    "gabriel gabe",
    "george georgie",
    "gerald gerry jerry",
    "gregory greg",
    "harold harry hal",
    "heinrich heinz",
    "helen nell",
    "henry hank harry",
    "isabella bella izzy",
    "jacob jake",
    "jacqueline jackie",
    "james jim jimmy jamie",
    "jeffrey jeff geoffrey geoff",
    "jennifer jen jenny",
    "jessica jess jessie",
    "johannes hannes hans",
    "john jack johnny jon",
    "jonathan jon jonny",
    "jose pepe",
    "joseph joe joey",
    "joshua josh",
    "judith judy",
    "kenneth ken kenny",
    "kimberly kim",
    "kristina kris",
    "lawrence larry",
    "leonard leo len lenny",
    "lucas luke",
    "ludwig lutz",
    "manuel manu",
    "margaret maggie meg peggy greta",
    "martha marty",
    "matthew matt",
    "maximilian max",
    "melissa mel",
    "michael mike mick mickey micha",
    "mikhail misha",
    "nathaniel nate nathan",
    "nicholas nick nicky nico",
    "nicole nikki",
    "oliver olli ollie",
    "pamela pam",
    "patricia pat patty trish tricia",
    "patrick pat paddy",
    "peter pete",
    "philip phil",
    "raymond ray",
    "rebecca becky",
    "richard rich rick dick ricky",
    "robert bob rob bobby bert",
    "ronald ron ronnie",
    "samantha sam",
    "samuel sam sammy",
    "sebastian seb basti",
    "sergey serge",
    "sophia sophie",
    "stephanie steph steffi",
    "steven steve",
    "stephen steve",
    "susan sue susie suzanne",
    "teresa terry tess",
    "theodore theo ted",
    "thomas tom tommy",
    "timothy tim",
    "valentina val",
    "vanessa nessa",
    "victoria vicky tori",
    "vincent vince vinnie",
    "vladimir vova",
    "walter walt",
    "wilhelm willi",
    "william bill will billy liam",
    "wolfgang wolf",
    "yevgeny zhenya",
    "zachary zach",
];

/// The full forms that a first name may stand for; itself if it is none or a full form.
pub(crate) fn full_forms(name: &str) -> impl Iterator<Item = &str> {
    let mut found =
        NAMES.iter().filter(move |line| line.split(' ').any(|form| form == name)).filter_map(|line| line.split(' ').next()).peekable();
    let itself = found.peek().is_none().then_some(name);
    found.chain(itself)
}

/// The one that stands for the name in a blocking key.
pub(crate) fn canonical(name: &str) -> &str {
    full_forms(name).next().unwrap_or(name)
}

/// Whether two different first names may be one.
pub(crate) fn may_be_one(a: &str, b: &str) -> bool {
    full_forms(a).any(|full| full_forms(b).any(|other| full == other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_lead_to_the_same_name() {
        assert!(may_be_one("bob", "robert") && may_be_one("bob", "rob") && may_be_one("ted", "edward") && may_be_one("ted", "theodore"));
        assert!(!may_be_one("edward", "theodore") && !may_be_one("robert", "richard"));
        assert_eq!((canonical("bob"), canonical("xaver")), ("robert", "xaver"));
    }
}
