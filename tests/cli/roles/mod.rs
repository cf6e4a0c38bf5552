//! Role mappings: the evaluator's public API, and the program's `cogfed roles`.

mod agreement;
mod cases;
mod explained;
mod files;
mod handed_over;
mod near;
mod shown;
