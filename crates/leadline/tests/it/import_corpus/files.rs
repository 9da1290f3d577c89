//! The files. Rows are numbered as a spreadsheet numbers them: the header is row 1 and blank lines count.

use super::pack::{Cell, archive, gzip, workbook, workbook_with};

/// What must become of a row.
#[derive(Debug)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// With a reason that says this.
    Rejected(&'static str),
}

pub enum Expected {
    Rows(Vec<(u64, Outcome)>),
    /// The file as a whole, in words that say this.
    Refused(&'static str),
}

pub struct Case {
    pub name: &'static str,
    pub file_name: &'static str,
    pub bytes: Vec<u8>,
    pub existing: &'static str,
    pub layout: Option<&'static str>,
    /// What columns are taken for.
    pub targets: Vec<(&'static str, &'static str)>,
    pub expected: Expected,
    /// Queries with one text, and what they answer.
    pub stored: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn rows(name: &'static str, bytes: impl Into<Vec<u8>>, rows: Vec<(u64, Outcome)>) -> Self {
        let expected = Expected::Rows(rows);
        Self {
            name,
            file_name: "leads.csv",
            bytes: bytes.into(),
            existing: "fill",
            layout: None,
            targets: Vec::new(),
            expected,
            stored: Vec::new(),
        }
    }

    fn refused(name: &'static str, bytes: impl Into<Vec<u8>>, words: &'static str) -> Self {
        Self { expected: Expected::Refused(words), ..Self::rows(name, bytes, Vec::new()) }
    }

    fn stores(mut self, sql: &'static str, answer: &'static str) -> Self {
        self.stored.push((sql, answer));
        self
    }

    fn maps(mut self, column: &'static str, target: &'static str) -> Self {
        self.targets.push((column, target));
        self
    }

    fn of(self, layout: &'static str) -> Self {
        Self { layout: Some(layout), ..self }
    }

    fn existing(self, existing: &'static str) -> Self {
        Self { existing, ..self }
    }
}

use Outcome::{Created, Rejected, Unchanged, Updated};

fn created(rows: impl IntoIterator<Item = u64>) -> Vec<(u64, Outcome)> {
    rows.into_iter().map(|row| (row, Created)).collect()
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let text = if mark { format!("\u{feff}{text}") } else { text.to_owned() };
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

const JOERG: &str = "SELECT first_name || ' ' || city FROM leads WHERE email = 'jo@x.example'";
const NOTE: &str = "SELECT custom->>'note' FROM leads WHERE email = 'a@x.example'";

pub fn encodings() -> Vec<Case> {
    let german = "E-Mail;Vorname;Ort\njo@x.example;Jörg;Köln\n";
    let latin: Vec<u8> = german.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut torn = "email,first_name,city\nok@x.example,Zoë,Ångström öäü éèê ñ\n".as_bytes().to_vec();
    torn.extend_from_slice(b"torn@x.example,\xff\xfeTorn,x\nfine@x.example,Fine,y\n");
    vec![
        Case::rows("UTF-8 with a byte order mark", format!("\u{feff}{german}"), created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("UTF-16 little-endian with a mark", utf16(german, true, true), created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("UTF-16 big-endian with a mark", utf16(german, false, true), created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("UTF-16 little-endian without a mark", utf16(german, true, false), created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("UTF-16 big-endian without a mark", utf16(german, false, false), created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("Windows-1252", latin, created([2])).stores(JOERG, "Jörg Köln"),
        Case::rows("bytes that are no text in one row", torn, vec![(2, Created), (3, Rejected("not UTF-8")), (4, Created)]),
        Case::rows("other scripts, emoji, right-to-left", "email,first_name,last_name,note\na@x.example,名前,אברהם,👩‍👩‍👧 ok\n", created([2]))
            .stores("SELECT first_name || last_name || (custom->>'note') FROM leads WHERE email = 'a@x.example'", "名前אברהם👩‍👩‍👧 ok"),
    ]
}

pub fn separators_and_lines() -> Vec<Case> {
    vec![
        Case::rows("semicolons and decimal commas", "email;note;size\na@x.example;1,5;12\nb@x.example;2,5;13\n", created([2, 3]))
            .stores(NOTE, "1.5"),
        Case::rows("tabs and commas in names", "email\tcompany\na@x.example\tAcme, Inc.\n", created([2])),
        Case::rows("vertical bars", "email|first_name\na@x.example|Ada\n", created([2])),
        Case::rows("a line that names the separator", "sep=;\r\nemail;first_name\r\na@x.example;Ada\r\n", created([3])),
        Case::rows("old Macintosh line ends", "email,first_name\ra@x.example,Ada\rb@x.example,Bob\r", created([2, 3])),
        Case::rows("all line ends at once", "email,first_name\r\na@x.example,Ada\rb@x.example,Bob\nc@x.example,Cy", created([2, 3, 4])),
        Case::rows("line breaks in quotes", "email,note\na@x.example,\"one\r\ntwo\n\nthree\"\nb@x.example,x\n", created([2, 3])).stores(
            "SELECT replace(replace(custom->>'note', E'\\r', 'R'), E'\\n', 'N') FROM leads WHERE email = 'a@x.example'",
            "oneRNtwoNNthree",
        ),
        Case::rows("quotes and separators in quotes", "email,note\na@x.example,\"say \"\"hi\"\", ok; |\"\n", created([2]))
            .stores(NOTE, "say \"hi\", ok; |"),
        Case::rows(
            "blank lines everywhere",
            "\n\nemail,first_name\n\n\na@x.example,Ada\n\n  ,  \nb@x.example,Bob\n\n\n",
            vec![(6, Created), (8, Rejected("empty in every column")), (9, Created)],
        ),
        Case::rows("a comma at the end of each line", "email,first_name,\na@x.example,Ada,\nb@x.example,Bob,\n", created([2, 3])),
        Case::rows("no line end after the last row", "email,first_name\na@x.example,Ada", created([2])),
    ]
}

pub fn broken_rows() -> Vec<Case> {
    let giant = format!("email,note,more\na@x.example,{},x\nb@x.example,fine,y\n", "y".repeat(100_000));
    let enormous = format!(
        "email,{}\na@x.example,{}\nb@x.example\n",
        (0..20).map(|n| format!("c{n}")).collect::<Vec<_>>().join(","),
        vec!["z".repeat(60_000); 20].join(",")
    );
    vec![
        Case::rows("short rows", "email,first_name,city\na@x.example\nb@x.example,Bob\n", created([2, 3])),
        Case::rows(
            "long rows",
            "email,first_name\na@x.example,Ada,,,\nb@x.example,Bob,surplus\nc@x.example,Cy\n",
            vec![(2, Created), (3, Rejected("3 cells")), (4, Created)],
        ),
        Case::rows(
            "a NUL in a cell",
            "email,first_name\na@x.example,A\0da\nb@x.example,Bob\n",
            vec![(2, Rejected("NUL character")), (3, Created)],
        ),
        Case::rows("a cell of 100 kB", giant, vec![(2, Rejected("“note” has 100.0 kB; at most 65.5 kB")), (3, Created)]),
        Case::rows("a row of more than 1 MB", enormous, vec![(2, Rejected("larger than 1.0 MB")), (3, Created)]),
        Case::rows(
            "a quote that never closes",
            "email,first_name\na@x.example,Ada\nb@x.example,\"Bob\nhalf\nc@x.example,Cy\n",
            vec![(2, Created), (3, Rejected("never closed")), (4, Rejected("no row of its own")), (5, Created)],
        ),
        Case::rows(
            "cut off in the middle of a row",
            "email,first_name,city\na@x.example,Ada,Rome\nb@x.exam",
            vec![(2, Created), (3, Rejected("ends in the middle"))],
        ),
        Case::rows(
            "cut off in a quoted cell",
            "email,note\na@x.example,x\nb@x.example,\"half of",
            vec![(2, Created), (3, Rejected("never closed"))],
        ),
        Case::rows("text behind a closing quote", "email,first_name\na@x.example,\"A\"da\n", created([2]))
            .stores("SELECT first_name FROM leads WHERE email = 'a@x.example'", "Ada"),
    ]
}

pub fn headers() -> Vec<Case> {
    let many: Vec<String> = (0..499).map(|n| format!("Answer {n}")).collect();
    let wide = format!("email,{}\na@x.example,{}\n", many.join(","), vec!["7"; 499].join(","));
    let wider = format!("email,{}\na@x.example\n", vec!["x"; 600].join(","));
    vec![
        Case::rows("duplicate names of columns", "Email,Note,Note,Email\na@x.example,one,two,second@x.example\n", created([2]))
            .stores("SELECT (custom->>'note') || (custom->>'note_2') || (custom->>'email_2') FROM leads WHERE email = 'a@x.example'", "onetwosecond@x.example"),
        Case::rows("columns without names", "Email,,\na@x.example,one,two\n", created([2])).stores("SELECT (custom->>'column_2') || (custom->>'column_3') FROM leads WHERE email = 'a@x.example'", "onetwo"),
        Case::rows("500 columns", wide, created([2])).stores("SELECT count(*)::text FROM leads, jsonb_object_keys(custom) WHERE email = 'a@x.example'", "499"),
        Case::refused("601 columns", wider, "601 columns"),
        Case::rows("no names of columns", "a@x.example,Ann,+44 20 7946 0000\nb@x.example,Ben,+44 20 7946 0001\n", created([1, 2])),
        Case::rows(
            "lines above the table",
            "Notes:\n\"When exporting your connection data, you may notice that some addresses are missing.\"\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nAda,King,https://www.linkedin.com/in/ada,a@x.example,Acme,CTO,05 Jan 2024\n",
            created([5]),
        )
        .of("linkedin")
        .maps("URL", "linkedin_url"),
        Case::rows("names in capitals and underscores", "E_MAIL,FIRST_NAME,firstName2,COMPANY-NAME\na@x.example,Ada,x,Acme\n", created([2])).maps("FIRST_NAME", "first_name").maps("COMPANY-NAME", "company_name"),
    ]
}

pub fn values() -> Vec<Case> {
    vec![
        Case::rows("formulas are only text", "email,first_name,note\na@x.example,=1+1,@SUM(A1)\n", created([2])).stores(NOTE, "@SUM(A1)"),
        Case::rows(
            "values that do not fit",
            "email,first_name,employees,linkedin\nnope,Ada,4,\nb@x.example,Bob,many,\nc@x.example,Cy,5,javascript:alert(1)\nd@x.example,Di,6,https://www.linkedin.com/in/di\ne@x.example,E,7,https://www.linkedin.com/in/e\nf@x.example,F,8,https://www.linkedin.com/in/f\ng@x.example,G,9,https://www.linkedin.com/in/g\n",
            vec![
                (2, Rejected("not an e-mail address")),
                (3, Rejected("employees")),
                (4, Rejected("linkedin")),
                (5, Created),
                (6, Created),
                (7, Created),
                (8, Created),
            ],
        ),
        Case::rows(
            "one address in other letters and with blanks",
            "email,first_name,title\na@x.example,Ada,\n A@X.Example ,Ada,CTO\nA@x.EXAMPLE,Ada,CTO\n",
            vec![(2, Created), (3, Updated), (4, Unchanged)],
        ),
        Case::rows(
            "an existing lead is filled",
            "email,first_name,title,city\nknown@old.example,Other,CEO,Rome\nKNOWN@old.example,Other,CEO,Paris\n",
            vec![(2, Updated), (3, Unchanged)],
        )
        .stores("SELECT first_name || title || city FROM leads WHERE email = 'known@old.example'", "KnownCTORome"),
        Case::rows(
            "an existing lead is overwritten by the last row",
            "email,first_name,title\nknown@old.example,Other,CEO\nknown@old.example,,CFO\n",
            vec![(2, Updated), (3, Updated)],
        )
        .existing("overwrite")
        .stores("SELECT first_name || title FROM leads WHERE email = 'known@old.example'", "OtherCFO"),
        Case::rows(
            "an existing lead is skipped",
            "email,first_name,city\nknown@old.example,Other,Rome\nnew@x.example,New,Rome\n",
            vec![(2, Unchanged), (3, Created)],
        )
        .existing("skip"),
        Case::rows(
            "an address and an id of two leads",
            "email,external id\na@x.example,1\nb@x.example,2\na@x.example,2\nknown@old.example,1\nc@x.example,k-1\n",
            vec![(2, Created), (3, Created), (4, Rejected("belongs to one lead")), (5, Rejected("belongs to one lead")), (6, Unchanged)],
        ),
        Case::rows(
            "people without an address",
            "First name,Last name,Company,Phone\nAda,K,Acme,+44 20 123 456\nADA,k,acme,4420123456\n,,,\nAda,L,Acme,\n",
            vec![(2, Created), (3, Unchanged), (4, Rejected("empty in every column")), (5, Created)],
        ),
        Case::rows(
            "a word that stands for nothing chosen",
            "email,city,note\na@a.example,Select,x\nb@b.example,Rome,y\nc@c.example,Select,z\n",
            created([2, 3, 4]),
        )
        .stores("SELECT string_agg(city, ',' ORDER BY email) FROM leads WHERE email NOT LIKE 'known%'", ",Rome,"),
        Case::rows(
            "dates, numbers, yes and no",
            "email,Joined,Visits,Newsletter,Plan\na@x.example,31/01/2026,3,yes,0012\nb@x.example,01/02/2026,2.5,no,7\n",
            created([2, 3]),
        )
        .stores(
            "SELECT custom::text FROM leads WHERE email = 'a@x.example'",
            "{\"plan\": \"0012\", \"joined\": \"2026-01-31\", \"visits\": 3, \"newsletter\": true}",
        ),
        Case::rows(
            "numbers with marks, and cells that say nothing",
            "email,budget,price,joined,employees\na@a.example,\"12,500\",\"$1,200.50\",05 Jan 2024,n/a\nb@b.example,-,$3,null,\"1,200\"\nc@c.example,800,n/a,\"January 6, 2024\",7\n",
            created([2, 3, 4]),
        )
        .maps("employees", "employee_count")
        .stores("SELECT string_agg(kind, ',' ORDER BY key) FROM custom_fields", "number,date,number")
        .stores(
            "SELECT string_agg(custom::text || coalesce(employee_count, 0), ',' ORDER BY email) FROM leads WHERE email NOT LIKE 'known%'",
            "{\"price\": 1200.5, \"budget\": 12500, \"joined\": \"2024-01-05\"}0,{\"price\": 3}1200,{\"budget\": 800, \"joined\": \"2024-01-06\"}7",
        ),
        Case::rows(
            "decimal commas decide what a point is",
            "email;budget\na@x.example;1.200\nb@x.example;1.200,50\nc@x.example;0,5\n",
            created([2, 3, 4]),
        )
        .stores(
            "SELECT string_agg(custom->>'budget', ',' ORDER BY email) FROM leads WHERE email LIKE '%@x.example'",
            "1200,1200.5,0.5",
        ),
        Case::rows("days before months, as another column has it", "email,Joined,Met\na@x.example,31/01/2026,02/03/2026\n", created([2]))
            .stores("SELECT custom->>'met' FROM leads WHERE email = 'a@x.example'", "2026-03-02"),
        Case::rows("nothing tells days from months", "email,Met\na@x.example,02/03/2026\n", created([2]))
            .stores("SELECT custom->>'met' FROM leads WHERE email = 'a@x.example'", "02/03/2026"),
        Case::rows(
            "a status that is none keeps nobody out",
            "email,Status\na@x.example,Evangelist\nb@x.example,Other\nc@x.example,Opportunity\nd@x.example,Subscriber\ne@x.example,Blue\n",
            created([2, 3, 4, 5, 6]),
        )
        .maps("Status", "status")
        .stores("SELECT string_agg(status, ',' ORDER BY email) FROM leads WHERE email LIKE '%@x.example'", "converted,new,qualified,new,new"),
        Case::rows("a status column of something else", "email,Status\na@x.example,Blue\nb@x.example,Green\nc@x.example,New\n", created([2, 3, 4]))
            .maps("Status", "custom:status"),
        Case::rows(
            "who wants no mail",
            "email,Email Opt Out,Unsubscribed,Do Not Call\na@x.example,1,,1\nb@x.example,0,,0\nc@x.example,,2024-01-05,\nd@x.example,,,\nknown@old.example,1,,\n",
            vec![(2, Created), (3, Created), (4, Created), (5, Created), (6, Updated)],
        )
        .maps("Email Opt Out", "opted_out")
        .maps("Unsubscribed", "opted_out")
        .maps("Do Not Call", "custom:do_not_call")
        .stores(
            "SELECT string_agg(status, ',' ORDER BY email) FROM leads",
            "unsubscribed,new,unsubscribed,new,unsubscribed",
        )
        .stores("SELECT string_agg(email, ',' ORDER BY email) FROM suppressions", "a@x.example,c@x.example,known@old.example"),
        Case::rows("who wants no mail, where leads are left as they are", "email,Has Opted Out of Email\nknown@old.example,true\n", vec![(2, Unchanged)])
            .existing("skip")
            .stores("SELECT status FROM leads", "new")
            .stores("SELECT email FROM suppressions", "known@old.example"),
    ]
}

pub fn packed() -> Vec<Case> {
    let small = "email,first_name\na@x.example,Ada\n".as_bytes();
    let zipped = archive(&[("leads.csv", small)]);
    let twice = [gzip(small), gzip(b"b@x.example,Bob\n")].concat();
    let mut cut = zipped.clone();
    cut.truncate(zipped.len() - 30);
    let mut torn = gzip(&small.repeat(1000));
    torn.truncate(torn.len() / 2);
    let zeros = vec![b'a'; 20 << 20];
    let sheets = || {
        let rows = ["Email", "a@x.example"].into_iter().zip(1..).map(|(text, row)| (row, vec![('A', Cell::Shared(text))]));
        [("Leads", false, rows.collect())]
    };
    let leads = workbook(&sheets());
    // Packs to a twentieth or so: as a table it would pass.
    let padding: String = (0..160_000).map(|n| format!("<si><t>{n:0>100}</t></si>")).collect();
    // Each part passes for itself.
    let part = vec![b'a'; 9 << 20];
    let layered = archive(&[("xl/workbook.xml", b"<w/>"), ("xl/media/a.png", &part), ("xl/media/b.png", &part)]);
    let document = archive(&[("word/document.xml", b"<w/>")]);
    vec![
        Case::rows("gzip", gzip(small), created([2])),
        Case::rows("gzip in two members", twice, created([2, 3])),
        Case::refused("gzip cut off", torn, "damaged"),
        Case::refused("gzip that unpacks a thousandfold", gzip(&zeros), "200 times its size"),
        Case::refused("gzip in gzip", gzip(&gzip(small)), "an archive inside an archive"),
        Case::rows(
            "ZIP with what a Macintosh adds",
            archive(&[
                ("__MACOSX/._leads.csv", b"\0\x05\x16\x07"),
                ("export/.DS_Store", b"\0\0"),
                ("export/leads.csv", small),
                ("export/readme.pdf", b"%PDF"),
            ]),
            created([2]),
        ),
        Case::rows("ZIP with a path that climbs", archive(&[("../../../etc/passwd.csv", small)]), created([2])),
        Case::refused("ZIP with several tables", archive(&[("a.csv", small), ("b.csv", small)]), "several tables (“a.csv”, “b.csv”)"),
        Case::refused("ZIP in ZIP", archive(&[("inner.zip", &zipped)]), "an archive inside an archive"),
        Case::refused("ZIP without a table", archive(&[("a.png", b"\x89PNG"), ("b.png", b"\x89PNG")]), "none of them is a CSV file"),
        Case::refused("ZIP with nothing in it", archive(&[]), "empty"),
        Case::refused("ZIP cut off", cut, "damaged"),
        Case::refused(
            "a workbook in a ZIP in a ZIP",
            archive(&[("outer.zip", &archive(&[("leads.xlsx", &leads)]))]),
            "an archive inside an archive",
        ),
        Case::rows("a workbook in a ZIP", archive(&[("__MACOSX/._x.xlsx", b"\0"), ("leads.xlsx", &leads)]), created([2])),
        Case::rows("a workbook in a gzip", gzip(&leads), created([2])),
        Case::rows("a workbook beside what is none", archive(&[("readme.pdf", b"%PDF"), ("leads.xlsx", &leads)]), created([2])),
        Case::refused("a workbook that was packed after it was blown up", gzip(&workbook_with(&sheets(), &padding)), "10 times its size"),
        Case::refused("a workbook whose layers together unpack to too much", archive(&[("leads.xlsx", &layered)]), "unpacks to more than"),
        Case::refused("a Word document in a ZIP", archive(&[("a.docx", &document)]), "an archive inside an archive"),
        Case::refused("ZIP that unpacks a thousandfold", archive(&[("leads.csv", &zeros)]), "200 times its size"),
    ]
}

pub fn workbooks() -> Vec<Case> {
    use Cell::{Bool, Date, Error, Inline, Number, Shared};
    let header = || {
        (
            1,
            vec![
                ('A', Shared("Email")),
                ('B', Shared("First name")),
                ('C', Shared("Visits")),
                ('D', Shared("Joined")),
                ('E', Shared("VIP")),
            ],
        )
    };
    let leads = || {
        vec![
            header(),
            (
                2,
                vec![
                    ('A', Shared("a@x.example")),
                    ('B', Inline("Zo\u{eb} &amp; Co, \"x\"".to_owned())),
                    ('C', Number(3.0)),
                    ('D', Date(46053.0)),
                    ('E', Bool(true)),
                ],
            ),
            // Row 3 is not there, row 4 has gaps.
            (4, vec![('A', Shared("b@x.example")), ('B', Error("#N/A")), ('C', Number(0.1 + 0.2)), ('E', Bool(false))]),
            (5, vec![('A', Shared("nope")), ('B', Shared("Bad"))]),
        ]
    };
    let giant = vec![header(), (2, vec![('A', Shared("a@x.example")), ('B', Inline("g".repeat(1_200_000)))])];
    let padding = format!("<si><t>{}</t></si>", "p".repeat(1000)).repeat(34_000);
    let case = |case: Case| Case { file_name: "leads.xlsx", ..case };
    vec![
        case(Case::rows(
            "a workbook",
            workbook(&[("Leads", false, leads())]),
            vec![(2, Created), (4, Created), (5, Rejected("not an e-mail address"))],
        ))
        .stores(
            "SELECT first_name || '|' || custom::text FROM leads WHERE email = 'a@x.example'",
            "Zoë & Co, \"x\"|{\"vip\": true, \"joined\": \"2026-01-31\", \"visits\": 3}",
        )
        .stores("SELECT first_name || '|' || custom::text FROM leads WHERE email = 'b@x.example'", "|{\"vip\": false, \"visits\": 0.3}"),
        case(Case::rows(
            "a workbook whose first sheets are empty and hidden",
            workbook(&[("Empty", false, vec![]), ("Hidden", true, vec![(1, vec![('A', Shared("secret"))])]), ("People", false, leads())]),
            vec![(2, Created), (4, Created), (5, Rejected("not an e-mail address"))],
        )),
        case(Case::refused("a workbook with nothing in it", workbook(&[("Empty", false, vec![])]), "empty")),
        case(Case::refused(
            "a workbook with a cell without end",
            workbook(&[("Leads", false, giant)]),
            "The cell B2 of the workbook holds more than 1.0 MB",
        )),
        case(Case::refused(
            "a workbook with texts without end",
            workbook_with(&[("Leads", false, leads())], &padding),
            "texts take more than",
        )),
        case(Case::refused(
            "a Word document",
            archive(&[("word/document.xml", b"<w/>"), ("[Content_Types].xml", b"<t/>")]),
            "a Word document",
        )),
        case(Case::refused(
            "an OpenDocument sheet",
            archive(&[("mimetype", b"application/vnd.oasis"), ("content.xml", b"<t/>")]),
            "OpenDocument",
        )),
        case(Case::refused("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1........".to_vec(), "old Excel workbook")),
    ]
}

pub fn no_tables() -> Vec<Case> {
    vec![
        Case::refused("nothing", "", "empty"),
        Case::refused("only names of columns", "email,first_name\n", "no rows"),
        Case::refused("a letter", "Dear all,\nthis is a letter\nand no table\n", "No separator"),
        Case::refused("a web page", "<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        Case::refused("JSON", "[{\"email\": \"a@x.example\"}]", "a JSON file"),
        Case::refused("an address card", "BEGIN:VCARD\nEMAIL:a@x.example\nEND:VCARD\n", "an address card"),
        Case::refused("a program", b"\x7fELF\0\0\0\0\0\0\0\x01\x02\0\0".to_vec(), "a binary file"),
    ]
}

pub fn layouts() -> Vec<Case> {
    vec![
        Case::rows("HubSpot", "\"Record ID - Contact\",\"First Name\",\"Last Name\",\"Email\",\"Phone Number\",\"Contact owner\",\"Lead Status\",\"Lifecycle Stage\",\"Create Date\",\"Associated Company\"\n\"101\",\"Ada\",\"King\",\"a@x.example\",\"+44 20 7946 0000\",\"Sam\",\"\",\"Lead\",\"2024-01-05 10:00\",\"Acme\"\n", created([2]))
            .of("hubspot")
            .maps("Record ID - Contact", "external_id")
            .maps("Associated Company", "company_name")
            .maps("Lifecycle Stage", "status"),
        Case::rows("HubSpot with stages of its own", "Record ID,First Name,Email,Contact owner,Lifecycle Stage,Create Date,Unsubscribed from all email\n1,Ada,a@x.example,Sam,Trial,2024-01-05,false\n2,Bob,b@x.example,Sam,Demo,2024-01-05,true\n", created([2, 3]))
            .of("hubspot")
            .maps("Lifecycle Stage", "custom:lifecycle_stage")
            .maps("Unsubscribed from all email", "opted_out")
            .stores("SELECT string_agg(status, ',' ORDER BY email) FROM leads WHERE email LIKE '%@x.example'", "new,unsubscribed"),
        Case::rows("Salesforce", "Lead ID,First Name,Last Name,Title,Company / Account,Email,Lead Source,Lead Owner,Lead Status,Rating,Created Date\n00Q1,Ada,King,CTO,Acme,a@x.example,Web,Sam,Working - Contacted,Hot,1/5/2024\n", created([2]))
            .of("salesforce")
            .maps("Lead ID", "external_id")
            .maps("Company / Account", "company_name")
            .stores("SELECT status || source FROM leads WHERE email = 'a@x.example'", "contactedWeb"),
        Case::rows("Apollo", "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,# Employees,Industry,Person Linkedin Url,Website,Company Linkedin Url,Company Country,Country,Apollo Contact Id\nAda,King,CTO,Acme,Acme,a@x.example,Verified,120,Software,http://www.linkedin.com/in/ada,http://acme.example,http://www.linkedin.com/company/acme,Germany,France,66f\n", created([2]))
            .of("apollo")
            .maps("Person Linkedin Url", "linkedin_url")
            .maps("Apollo Contact Id", "external_id")
            .maps("Country", "country"),
        Case::rows("LinkedIn Sales Navigator", "profileUrl,fullName,firstName,lastName,companyName,title,companyUrl,defaultProfileUrl,connectionDegree,durationInRole,companyLocation\nhttps://www.linkedin.com/sales/lead/1,Ada King,Ada,King,Acme,CTO,https://www.linkedin.com/sales/company/1,https://www.linkedin.com/in/ada,2nd,3 years,London\n", created([2]))
            .of("sales_navigator")
            .maps("defaultProfileUrl", "linkedin_url")
            .maps("companyName", "company_name"),
        Case::rows("Outlook", "First Name,Middle Name,Last Name,Company,Department,Job Title,Business City,Business Country/Region,Business Phone,Categories,E-mail Address,E-mail Type,E-mail Display Name,Web Page\nAda,,King,Acme,IT,CTO,London,United Kingdom,+44 20 7946 0000,VIP;Friends,a@x.example,SMTP,Ada King,http://acme.example\n", created([2]))
            .of("outlook")
            .maps("E-mail Address", "email")
            .maps("E-mail Type", "ignore")
            .maps("Business City", "city")
            .stores("SELECT array_to_string(tags, '+') FROM leads WHERE email = 'a@x.example'", "VIP+Friends"),
        Case::rows("Google Contacts", "First Name,Last Name,Phonetic First Name,File As,Organization Name,Organization Title,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\nAda,King,,,Acme,CTO,Clients ::: * myContacts,* Work,a@x.example,Work,+44 20 7946 0000\n", created([2]))
            .of("google")
            .maps("E-mail 1 - Value", "email")
            .maps("E-mail 1 - Label", "ignore")
            .maps("Organization Title", "title")
            .stores("SELECT array_to_string(tags, '+') FROM leads WHERE email = 'a@x.example'", "Clients+myContacts"),
    ]
}
