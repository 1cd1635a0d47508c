// Package figures keeps the figures in docs/figures.md and the lessons equal to their source: the
// reports in docs/figures, which docs/figures/measure makes. Its test compares them; with -update
// it writes them into the texts.
package figures
