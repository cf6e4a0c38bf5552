//! Role mappings: the evaluator by its public API, and `cogfed roles` through the program.

mod agreement;
mod cases;
mod explained;
mod files;
mod shown;
