//! The sections after clap's help, parsed from `src/cli/mod.rs` and written as sections of a man page.

use clap_mangen::roff::{Roff, bold, roman};

/// A section of the help.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The section's title, in capital letters.
    pub title: String,
    pub blocks: Vec<Block>,
}

/// A part of a section's text.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph of text.
    Text(String),
    /// A term and its meaning.
    Term(String, String),
    /// Lines to print unchanged, except that their common indentation is removed.
    Verbatim(Vec<String>),
}

/// Parses the sections in a text.
pub fn read(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut is_new_paragraph = true;
    for line in text.lines() {
        if line.is_empty() {
            is_new_paragraph = true;
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            assert!(line.chars().all(|c| c.is_ascii_uppercase() || c == ' '), "not a title: {line}");
            sections.push(Section { title: line.into(), blocks: Vec::new() });
        } else {
            let section = sections.last_mut().expect("a title comes first");
            add(&mut section.blocks, line, indent, is_new_paragraph);
        }
        is_new_paragraph = false;
    }
    sections
}

fn add(blocks: &mut Vec<Block>, line: &str, indent: usize, is_new_paragraph: bool) {
    let words = line.trim();
    match (indent, blocks.last_mut()) {
        (2, last) => match (words.split_once("  "), last) {
            (Some((term, meaning)), _) => blocks.push(Block::Term(term.into(), meaning.trim().into())),
            (None, Some(Block::Text(text))) if !is_new_paragraph => *text = format!("{text} {words}"),
            (None, _) => blocks.push(Block::Text(words.into())),
        },
        (4.., Some(Block::Verbatim(lines))) => {
            if is_new_paragraph {
                lines.push(String::new());
            }
            lines.push(line.get(4..).expect("four blanks").into());
        }
        (6.., Some(Block::Term(_, meaning))) => *meaning = format!("{meaning} {words}").trim().into(),
        (6.., Some(last @ Block::Text(_))) if !is_new_paragraph => {
            let Block::Text(term) = last else { unreachable!("matched above") };
            *last = Block::Term(std::mem::take(term), words.into());
        }
        (4, _) => blocks.push(Block::Verbatim(vec![words.into()])),
        _ => panic!("indented by {indent}, which has no meaning here: {line}"),
    }
}

/// Writes sections to a man page.
pub fn render(sections: &[Section], roff: &mut Roff) {
    for section in sections {
        roff.control("SH", [section.title.as_str()]);
        for block in &section.blocks {
            match block {
                Block::Text(text) => roff.control("PP", []).text([roman(text)]),
                Block::Term(term, meaning) => roff.control("TP", []).text([bold(term)]).text([roman(meaning)]),
                Block::Verbatim(lines) => {
                    roff.control("PP", []).control("RS", ["4"]).control("nf", []);
                    for line in lines {
                        roff.text([roman(line)]);
                    }
                    roff.control("fi", []).control("RE", [])
                }
            };
        }
    }
}

#[test]
fn help_sections_of_each_form_are_read() {
    let text = "ONE TITLE\n  some text\n  that goes on:\n    to be\n\n      typed\n\n  a term  and what\n        it means\n\n\
                TWO\n  term\n        meaning\n  text\n";
    let text_of = |text: &str| Block::Text(text.into());
    let term = |term: &str, meaning: &str| Block::Term(term.into(), meaning.into());
    let verbatim = Block::Verbatim(["to be", "", "  typed"].map(Into::into).into());
    assert_eq!(
        read(text),
        [
            Section {
                title: "ONE TITLE".into(),
                blocks: vec![text_of("some text that goes on:"), verbatim, term("a term", "and what it means")],
            },
            Section { title: "TWO".into(), blocks: vec![term("term", "meaning"), text_of("text")] },
        ]
    );
}
