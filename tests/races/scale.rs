//! The amount of work, set by environment variables.

/// Returns the number of rounds of 64 processes in each mode.
pub fn rounds() -> usize {
    number("COGFED_TEST_RACE_ROUNDS", 1)
}

/// Returns the number of points at which to kill a process or fail a call, per verb and mode.
pub fn points() -> usize {
    number("COGFED_TEST_POINTS", 6)
}

/// Returns the number of processes to kill at random times.
pub fn kills() -> usize {
    number("COGFED_TEST_KILLS", 24)
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect("a number"))
}

/// Returns at most `most` evenly spaced elements of `all`, including the first and the last.
pub fn spread<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let most = most.clamp(2, all.len().max(2));
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|at| all[at * (all.len() - 1) / (most - 1)].clone()).collect()
}
