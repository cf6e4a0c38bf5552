//! A store wrapper that splits a text into several items if the text is too long for one item. Even after an
//! interrupted write, a reader finds the old text or the new one.
//!
//! The account's own item then holds a header: the slot of the parts (there are two), their number, and a random
//! generation that each part repeats. A write fills the slot that the header does not name, and then replaces the
//! header. Until then a reader finds the old text, and afterwards the new one. A text that fits into one item is stored
//! as it is.
//!
//! The parts in a slot have no gaps: they are written from first to last, and removed from last to first. Counting up
//! therefore finds all leftovers of an interrupted write or removal. The next write or removal deletes them.

use std::collections::BTreeSet;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

/// The prefix that distinguishes a header from an ordinary text. A text that starts the same way (JSON never does) is
/// always stored in parts.
const MARK: &str = "cogfed-parts/1 ";

/// The maximum length of [`Header::text`] or of a part's first line, in bytes: mark, slot, generation and two numbers.
const HEAD: usize = MARK.len() + 2 + 32 + 2 * 8;

/// The minimum space for text in a part, in bytes. An item that holds less than the sum of [`HEAD`] and this is too
/// small.
const LEAST: usize = 16;

/// The maximum number of parts of one text. No record needs as many.
const MOST: usize = 4096;

/// The maximum number of attempts to read a text that another process keeps replacing.
const ATTEMPTS: usize = 32;

/// A backend that splits a text into several items if the text is too long for one item.
pub struct InParts<B> {
    inner: B,
    random: SystemRandom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    A,
    B,
}

impl Slot {
    fn other(self) -> Self {
        match self {
            Slot::A => Slot::B,
            Slot::B => Slot::A,
        }
    }

    fn letter(self) -> char {
        match self {
            Slot::A => 'a',
            Slot::B => 'b',
        }
    }

    fn account(self, account: &str, index: usize) -> String {
        format!("{account}#{}{index}", self.letter())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    slot: Slot,
    generation: String,
    parts: usize,
    /// The total length of the text, in bytes.
    length: usize,
}

impl Header {
    fn text(&self) -> Secret {
        let Self { slot, generation, parts, length } = self;
        Secret::new(format!("{MARK}{} {generation} {parts} {length}", slot.letter()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.strip_prefix(MARK)?.split(' ');
        let slot = match words.next()? {
            "a" => Slot::A,
            "b" => Slot::B,
            _ => return None,
        };
        let generation = words.next()?.to_owned();
        let (parts, length) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (words.next().is_none() && parts <= MOST).then_some(Self { slot, generation, parts, length })
    }

    fn part_head(&self, index: usize) -> String {
        format!("{} {index}\n", self.generation)
    }
}

impl<B: Backend> InParts<B> {
    /// Creates a backend that stores texts of any length in `inner`. If `inner` has no limit, texts are passed on
    /// unchanged.
    pub fn over(inner: B) -> Self {
        Self { inner, random: SystemRandom::new() }
    }

    fn damaged(&self, account: &str, detail: &str) -> StoreError {
        StoreError::Damaged { store: self.inner.describe(), account: account.into(), detail: detail.into() }
    }

    fn generation(&self) -> Result<String, StoreError> {
        let mut bytes = [0_u8; 16];
        let store = self.inner.describe();
        let failed = |_| StoreError::Other { store, detail: "this machine gives no random numbers".into(), hint: None };
        self.random.fill(&mut bytes).map_err(failed)?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the text whose parts `header` describes, or `None` if a part is missing or is part of another text.
    fn assembled(&self, account: &str, header: &Header) -> Result<Option<Secret>, StoreError> {
        let mut text = Zeroizing::new(String::with_capacity(header.length.min(MOST * 4096)));
        for index in 0..header.parts {
            let Some(part) = self.inner.get(&header.slot.account(account, index))? else { return Ok(None) };
            let Some(data) = part.expose().strip_prefix(&header.part_head(index)) else { return Ok(None) };
            text.push_str(data);
        }
        Ok((text.len() == header.length).then(|| Secret::new(std::mem::take(&mut *text))))
    }

    fn set_in_parts(&self, account: &str, text: &str, room: usize) -> Result<(), StoreError> {
        let old = self.inner.get(account)?.and_then(|item| Header::read(item.expose()));
        let slot = old.map_or(Slot::A, |old| old.slot.other());
        let pieces = pieces(text, room);
        if pieces.len() > MOST {
            return Err(StoreError::Full { store: self.inner.describe() });
        }
        let header = Header { slot, generation: self.generation()?, parts: pieces.len(), length: text.len() };
        for (index, piece) in pieces.iter().enumerate() {
            let head = header.part_head(index);
            // Allocated at full size: a text that grows would leave copies behind.
            let mut part = String::with_capacity(head.len() + piece.len());
            part.push_str(&head);
            part.push_str(piece);
            self.inner.set(&slot.account(account, index), &Secret::new(part))?;
        }
        self.inner.set(account, &header.text())?;
        // The new text counts now. If this clean-up fails, the next write or removal repeats it.
        let _ = self.clean(account, slot, header.parts).and_then(|()| self.clean(account, slot.other(), 0));
        Ok(())
    }

    /// Removes the parts in `slot` from number `first` on, the last part first.
    fn clean(&self, account: &str, slot: Slot, first: usize) -> Result<(), StoreError> {
        let mut end = first;
        while end < MOST && self.inner.get(&slot.account(account, end))?.is_some() {
            end += 1;
        }
        (first..end).rev().try_for_each(|index| self.inner.delete(&slot.account(account, index)))
    }
}

/// Splits a part's item name into the item name of the whole text and the part's number. Returns `None` for the name of
/// any other item.
fn part_of(name: &str) -> Option<(&str, usize)> {
    let (account, part) = name.rsplit_once('#')?;
    let index = part.strip_prefix(['a', 'b'])?.parse().ok().filter(|index| *index < MOST)?;
    [Slot::A, Slot::B].iter().any(|slot| slot.account(account, index) == name).then_some((account, index))
}

/// Returns whether an item starts like part number `index` of a text (see [`Header::part_head`]).
fn is_part(item: &str, index: usize) -> bool {
    let head = item.split_once('\n').and_then(|(head, _)| head.split_once(' '));
    head.is_some_and(|(generation, number)| {
        generation.len() == 32 && generation.bytes().all(|b| b.is_ascii_hexdigit()) && number == index.to_string()
    })
}

/// Splits `text` into pieces of at most `room` bytes, at character boundaries.
fn pieces(text: &str, room: usize) -> Vec<&str> {
    let mut pieces = Vec::with_capacity(text.len() / room + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(room));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

impl<B: Backend> Backend for InParts<B> {
    fn describe(&self) -> &'static str {
        self.inner.describe()
    }

    fn item_limit(&self) -> Option<usize> {
        None
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let Some(item) = self.inner.get(account)? else { return Ok(None) };
            if self.inner.item_limit().is_none() || !item.expose().starts_with(MARK) {
                return Ok(Some(item));
            }
            let Some(header) = Header::read(item.expose()) else {
                return Err(self.damaged(account, "its header cannot be read"));
            };
            if let Some(text) = self.assembled(account, &header)? {
                return Ok(Some(text));
            }
            // The parts do not match the header. Unless the header stays the same, a writer is replacing them.
            if last.replace(header.clone()) == Some(header) {
                return Err(self.damaged(account, "a part of it is missing, or of another write"));
            }
        }
        Err(self.damaged(account, "it is being written again and again"))
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        let text = value.expose();
        let Some(limit) = self.inner.item_limit() else { return self.inner.set(account, value) };
        if text.len() > limit || text.starts_with(MARK) {
            let room = limit.checked_sub(HEAD).filter(|room| *room >= LEAST);
            return self.set_in_parts(account, text, room.ok_or(StoreError::Full { store: self.inner.describe() })?);
        }
        self.inner.set(account, value)?;
        let _ = self.clean(account, Slot::A, 0).and_then(|()| self.clean(account, Slot::B, 0));
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        // Without its header, the rest is only leftovers.
        self.inner.delete(account)?;
        if self.inner.item_limit().is_some() {
            self.clean(account, Slot::A, 0)?;
            self.clean(account, Slot::B, 0)?;
        }
        Ok(())
    }

    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        // The header has the account's own name.
        self.inner.contains(account)
    }

    fn list(&self) -> Result<Listing, StoreError> {
        let listing = self.inner.list()?;
        if self.inner.item_limit().is_none() {
            return Ok(listing);
        }
        let mut accounts = BTreeSet::new();
        for name in listing.accounts {
            // An account may look like the name of a part, so the contents decide.
            match part_of(&name) {
                Some((account, index)) if self.inner.get(&name)?.is_some_and(|item| is_part(item.expose(), index)) => {
                    accounts.insert(account.to_owned())
                }
                _ => accounts.insert(name),
            };
        }
        Ok(Listing { accounts, unnamed: listing.unnamed })
    }
}

#[cfg(test)]
mod tests;
