// CSV files as people have them. The same call gives the same rows.

const FIRST = ["Ada", "Bilal", "Chiara", "Daan", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katarzyna", "Léa", "Mateo", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tomás"];
const LAST = ["Okafor", "Lindqvist", "Moreau", "Schneider", "Rossi", "Nakamura", "O'Brien", "Kowalska", "García", "van Dijk", "Müller", "Haddad", "Iversen", "Petrov", "Singh"];
const TITLES = ["Chief Executive Officer", "VP Sales", "Head of Marketing", "Sales Manager", "Data Analyst", "Director of Operations", "Founder", "Account Executive", "Intern", "Procurement Lead"];
const INDUSTRIES = ["Software", "Logistics", "Manufacturing", "Education", "Retail", "Energy"];
const PLACES = [["Germany", "Berlin"], ["France", "Lyon"], ["Netherlands", "Utrecht"], ["Sweden", "Malmö"], ["Spain", "Valencia"], ["United Kingdom", "Leeds"]];
const SIZES = [8, 35, 120, 480, 1800, 7200];
const STATUSES = ["New", "New", "New", "Working", "New", "Qualified"];

export const HEADER = ["First name", "Last name", "Work email", "Job title", "Company", "Website", "Industry", "Employees", "Country", "Place of work", "Phone", "Lead status", "Notes"];

export function line(cells) {
  return cells.map((cell) => (/[",\n\r]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell)).join(",");
}

export function person(number) {
  const [first, last] = [FIRST[number % FIRST.length], LAST[number % LAST.length]];
  const company = `${["Blue", "Nordic", "Alpine", "Urban", "Prime", "Silver"][number % 6]} ${["Harbor", "Peak", "Field", "Works", "Labs", "Grid", "Forge"][number % 7]}`;
  const domain = `${company.toLowerCase().replace(" ", "-")}.example`;
  const plain = (text) => text.normalize("NFD").replace(/[^a-z]/gi, "").toLowerCase();
  const [country, city] = PLACES[number % PLACES.length];
  return [first, last, `${plain(first)}.${plain(last)}.${number}@${domain}`, TITLES[number % TITLES.length], company, domain, INDUSTRIES[number % INDUSTRIES.length], SIZES[number % SIZES.length], country, city, `+49 30 ${String(5550000 + number)}`, STATUSES[number % STATUSES.length], number % 9 === 0 ? `Met at the fair, said "call me"` : ""];
}

/** `good` rows of people, and after them the `bad` ones as they are. */
export function csv(good, bad = []) {
  const rows = Array.from({ length: good }, (_, number) => person(number));
  return [HEADER, ...rows, ...bad].map(line).join("\n") + "\n";
}

/** Reads a small CSV back: an array of rows of cells. */
export function parse(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < text.length; at++) {
    const [char, row] = [text[at], rows.at(-1)];
    if (quoted && char === '"' && text[at + 1] === '"') row[row.length - 1] += text[++at];
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === ",") row.push("");
    else if (!quoted && char === "\n") rows.push([""]);
    else if (quoted || char !== "\r") row[row.length - 1] += char;
  }
  if (rows.at(-1).length === 1 && rows.at(-1)[0] === "") rows.pop();
  return rows;
}
