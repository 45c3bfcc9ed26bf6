//! A report as text for people.

use super::answers::Value;
use super::groups::Level;
use super::report::{Group, NoiseAccount, NoiseTold, ProofReport, Told, WithheldGroups};

/// The report in lines. Names and levels are whatever a holder declared: what could steer a terminal
/// is escaped.
pub fn words(report: &ProofReport) -> String {
    let mut lines = Lines(Vec::new());
    lines.title(match &report.noise {
        None => "PROVEN, over exactly the rows that were committed",
        Some(_) => {
            "PROVEN, with noise that nobody chose, over exactly the rows that were committed"
        }
    });
    lines.item(&report.claim);
    for group in &report.results {
        lines.group(group);
    }
    if report.results.is_empty() {
        lines.item("no group has rows");
    }
    lines.item(match &report.noise {
        None => {
            "told as well: the numbers of rows, sums and sums of products that these follow from"
        }
        Some(_) => {
            "told as well: the numbers of rows and sums that these follow from, with their noise"
        }
    });
    if let Some(withheld) = &report.withheld {
        lines.withheld(withheld);
    }
    if let Some(noise) = &report.noise {
        lines.noise(noise);
    }
    lines.title("About");
    lines.item(&format!("dataset {}", report.dataset));
    lines.item(&format!("version {}, {} rows", report.version, report.rows));
    lines.item(&format!("entry {} of log {}, leaf {}", report.index, report.origin, report.leaf));
    lines.item(&format!("commitments {}", report.body));
    match &report.released {
        Some(place) => lines.item(&format!("released as {place}")),
        None => {
            lines.item("NOT known to be released: what is known here of the log does not say so")
        }
    }
    match &report.predecessor {
        Some(id) => lines.item(&format!("follows release {id}")),
        None => lines.item("the version's first release"),
    }
    if let Some(asked) = &report.audience {
        lines.item(&format!("made for {}, who sent nonce {}", asked.did, asked.nonce));
    }
    let policy = match &report.noise {
        None => "Release policy, applied again here",
        Some(_) => "What the noise hides, computed again here",
    };
    lines.list(policy, &report.policy);
    lines.list("Rounding", &report.rounding);
    lines.list("PROMISED by the holder, not proven", &report.promised);
    lines.list("NOT PROVEN", &report.not_proven);
    lines.title(&report.label);
    lines.0.join("\n") + "\n"
}

struct Lines(Vec<String>);

impl Lines {
    fn title(&mut self, text: &str) {
        self.0.push(shown(text));
    }

    fn item(&mut self, text: &str) {
        self.0.push(format!("  {}", shown(text)));
    }

    fn list(&mut self, title: &str, items: &[String]) {
        if !items.is_empty() {
            self.title(title);
            items.iter().for_each(|item| self.item(item));
        }
    }

    fn withheld(&mut self, withheld: &WithheldGroups) {
        let most = withheld.below.saturating_sub(1);
        self.title("WITHHELD, with a proof that one group at least is small");
        for group in &withheld.groups {
            self.item(&group.iter().map(named).collect::<Vec<_>>().join(", "));
        }
        self.item(&match withheld.together.len() {
            1 => format!("proven: one of these groups at least has 1 to {most} rows"),
            _ => format!(
                "proven: in one of these groups at least, the rows of one of the kinds below, or \
                 those that a kind leaves of a wider one, are 1 to {most}"
            ),
        });
        for (what, rows) in &withheld.together {
            self.item(&format!("proven: all of them together have {rows} {what}"));
        }
    }

    fn noise(&mut self, noise: &NoiseTold) {
        self.title("NOISE, made of the holder's bits and the coins of somebody's nonce");
        self.item(&format!("epsilon {}, delta {}", noise.epsilon, noise.delta));
        self.item(&match &noise.committed {
            Some(place) => format!("bits and question were logged first, {place}"),
            None => {
                "NOT known to be logged before the nonce was told: what is known here of the log \
                     does not say so"
                    .to_owned()
            }
        });
        if let Some(NoiseAccount { committed, unanswered, epsilon, delta }) = &noise.account {
            self.item(&format!(
                "with noise, {committed} of this version, {unanswered} of them not released; all \
                 together epsilon {epsilon}, delta {delta}"
            ));
        }
    }

    fn group(&mut self, group: &Group) {
        let levels: Vec<String> = group.group.iter().map(named).collect();
        if !levels.is_empty() {
            self.item(&format!("{}:", levels.join(", ")));
        }
        let indent = if levels.is_empty() { "" } else { "  " };
        for answer in &group.answers {
            self.item(&format!("{indent}{}", result(answer)));
        }
    }
}

/// A group, in one of the columns that tell groups apart.
fn named((name, level): &(String, Option<Level>)) -> String {
    match level {
        None => format!("{name} is null"),
        Some(Level::Named(level)) => {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
            match level.chars().all(plain) {
                true => format!("{name} = {level}"),
                // What ends and what goes on is to be seen.
                false => format!("{name} = '{}'", level.replace('\'', "''")),
            }
        }
        Some(Level::Band { at_least, below }) => {
            let at_least = at_least.iter().map(|least| format!(">= {least}"));
            let ends: Vec<String> =
                at_least.chain(below.iter().map(|below| format!("< {below}"))).collect();
            format!("{name} {}", ends.join(" and "))
        }
    }
}

fn result(told: &Told) -> String {
    let mut text = format!("{} = {}", told.name, told.value);
    if let Some(within) = told.within {
        text.push_str(&format!(" (unrounded: within {within})"));
    }
    if let Some(Value::Float(noise)) = told.noise {
        let value = told.value.to_string().parse::<f64>().unwrap_or_default();
        let [low, high] = [-1.96, 1.96].map(|times: f64| short(value + times * noise));
        let noise = short(noise);
        text.push_str(&format!(" (noise spreads by {noise}; {low} to {high} within 1.96 of it)"));
    }
    if let (Value::Float(value), Some(Value::Float(error))) = (told.value, told.standard_error) {
        let [low, high] = [-1.96, 1.96].map(|times: f64| short(value + times * error));
        text.push_str(&format!(" (standard error {error}; {low} to {high} within 1.96 of it)"));
    }
    text
}

/// Four significant digits.
fn short(number: f64) -> String {
    let whole_digits = if number == 0.0 { 0.0 } else { number.abs().log10().floor() };
    let places = (3.0 - whole_digits).clamp(0.0, 12.0);
    format!("{number:.*}", places as usize)
}

/// A text of which nothing steers a terminal, ends a line or changes the order of letters.
fn shown(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}'
            )
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match steers(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown
}
