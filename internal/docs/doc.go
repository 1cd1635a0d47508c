// Package docs tests the documents: README, the files in docs, and the words of every text that a
// learner reads.
package docs
