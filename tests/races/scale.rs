//! The amount of work that the tests do, which environment variables set.

/// Returns the number of test rounds for each mode of refresh token rotation. Each round runs 64 processes.
pub fn rounds() -> usize {
    number("COGFED_TEST_RACE_ROUNDS", 1)
}

/// Returns the number of points, for each verb and mode, at which a process is killed or a system call fails.
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
