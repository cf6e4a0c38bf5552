//! Which role, and why: the evaluator of role mappings by its public API, and `cogfed roles` through the program.

mod agreement;
mod cases;
mod explained;
mod files;
mod shown;
