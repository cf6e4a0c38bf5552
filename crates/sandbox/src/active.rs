//! The simulated faults that are active, each with the number of requests that the fault still affects.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The active simulated faults (misbehaviours or refusals), each with the number of requests that the fault still
/// affects. `None` means without end.
#[derive(Debug)]
pub struct Active<T>(Mutex<BTreeMap<T, Option<u32>>>);

impl<T> Default for Active<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Ord + Copy> Active<T> {
    /// Activates a simulated fault for the next `times` requests. If `times` is `None`, the fault stays active until
    /// [`Self::clear`] is called.
    pub fn set(&self, misbehaviour: T, times: Option<u32>) {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if times == Some(0) {
            active.remove(&misbehaviour);
        } else {
            active.insert(misbehaviour, times);
        }
    }

    /// Deactivates all faults.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the active faults in ascending order.
    pub fn active(&self) -> Vec<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Returns whether `misbehaviour` is active. If it is, lowers the number of requests that it still affects by one.
    pub fn due(&self, misbehaviour: T) -> bool {
        let mut active = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match active.get_mut(&misbehaviour) {
            None => false,
            Some(None) => true,
            Some(Some(left)) => {
                *left -= 1;
                if *left == 0 {
                    active.remove(&misbehaviour);
                }
                true
            }
        }
    }

    /// Returns the first active fault in `candidates`, or `None` if none of them is active. Lowers the number of
    /// requests that the returned fault still affects by one.
    pub fn first_due(&self, candidates: &[T]) -> Option<T> {
        candidates.iter().copied().find(|&candidate| self.due(candidate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::misbehaviour::Misbehaviour;

    #[test]
    fn fault_happens_as_often_as_requested() {
        let active = Active::default();
        active.set(Misbehaviour::Token500, Some(2));
        active.set(Misbehaviour::TokenHtml, None);
        let due: Vec<bool> = (0..3).map(|_| active.due(Misbehaviour::Token500)).collect();
        assert_eq!(due, [true, true, false]);
        assert_eq!(active.first_due(Misbehaviour::ALL), Some(Misbehaviour::TokenHtml));
        active.clear();
        assert_eq!(active.first_due(Misbehaviour::ALL), None);
    }
}
