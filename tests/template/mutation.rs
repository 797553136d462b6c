//! Templates made wrong by chance: nothing panics, and what is accepted makes requests.

use rxgate::{
    dict::Dictionary,
    template::{Template, Values},
};

use crate::support::*;

/// Files made of each example.
const EDITS: u64 = 1500;

/// xorshift64*: the same files in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as usize % end.max(1)
    }
}

const PIECES: [&str; 22] = [
    "<",
    ">",
    "/>",
    "</",
    "\"",
    "'",
    "=",
    "&",
    ";",
    "&#x0;",
    "&amp;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<!DOCTYPE a [",
    "<?",
    "\0",
    "”",
    " parameterName=\"$CHG_ID\"",
    "99999999999999999999",
    "",
];

fn edited(example: &str, random: &mut Random) -> Vec<u8> {
    let mut file = example.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(file.len());
        let end = at + random.below((file.len() - at).min(60));
        match random.below(6) {
            0 => file[at] ^= 1 << random.below(8),
            1 => drop(file.drain(at..end)),
            2 => {
                let copy = file[at..end].to_vec();
                let to = random.below(file.len());
                file.splice(to..to, copy);
            }
            3 => file.truncate(at.max(1)),
            4 => drop(file.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
            _ => {
                // A whole line goes, or comes once more: the rest stays XML.
                let text = String::from_utf8_lossy(&file).into_owned();
                let lines: Vec<&str> = text.lines().collect();
                let which = random.below(lines.len());
                let times = 2 * random.below(2);
                let lines = lines.iter().enumerate().flat_map(|(index, line)| {
                    std::iter::repeat_n(*line, if index == which { times } else { 1 })
                });
                file = lines.collect::<Vec<_>>().join("\n").into_bytes();
                file.push(b'\n');
            }
        }
    }
    file
}

#[test]
fn no_edit_makes_the_reader_panic() {
    let dictionary = Dictionary::builtin();
    let (mut accepted, mut refused) = (0, 0);
    for (example, seed) in [
        (EXAMPLE_16_5.to_owned(), 1),
        (EXAMPLE_16_10.to_owned(), 2),
        (with(EXAMPLE_16_6), 3),
        (with(EXAMPLE_16_7), 4),
    ] {
        let mut random = Random(seed);
        for _ in 0..EDITS {
            let file = edited(&example, &mut random);
            match Template::read(&file, dictionary, LENIENT) {
                Err(problems) => {
                    refused += 1;
                    assert!(!problems.0.is_empty());
                    let lines = file.iter().filter(|octet| **octet == b'\n').count() + 1;
                    assert!(
                        problems.0.iter().all(|it| (1..=lines).contains(&it.line) && it.column > 0),
                        "{problems}"
                    );
                }
                Ok(compiled) => {
                    accepted += 1;
                    exercise(&compiled.template);
                }
            }
        }
    }
    // Edits in comments and texts leave a template.
    assert!(accepted > 100 && refused > 4000, "{accepted} accepted, {refused} refused");
}

/// A request of the defaults, and one with each parameter set to what stands there.
fn exercise(template: &Template) {
    let none = Values::default();
    let Ok(defaults) = template.fill(&none) else { return };
    defaults.service.encode(Default::default()).unwrap();
    for parameter in template.parameters().filter(|it| !it.is_ambiguous()) {
        let values = Values::new([(parameter.name(), &*parameter.places()[0].default)]).unwrap();
        assert_eq!(template.fill(&values).unwrap().service, defaults.service, "{}", parameter.name());
        let other = Values::new([(parameter.name(), "\u{7}x")]).unwrap();
        if let Ok(filled) = template.fill(&other) {
            filled.service.encode(Default::default()).unwrap();
        }
    }
}
