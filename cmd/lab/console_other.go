//go:build !windows

package main

// systemLang returns nothing: the language is in the environment.
func systemLang() string { return "" }

// prepareConsole does nothing: terminals obey escape sequences.
func prepareConsole() {}
