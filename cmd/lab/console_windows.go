package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// muiLanguageName asks Windows for names such as zh-CN.
const muiLanguageName = 0x8

// systemLang returns the first language that the user prefers, such as zh-CN: Windows has no LANG.
func systemLang() string {
	all, err := windows.GetUserPreferredUILanguages(muiLanguageName)
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0]
}

// prepareConsole makes the console obey escape sequences, which older consoles print. If it cannot,
// the lab writes without colours.
func prepareConsole() {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		var mode uint32
		console := windows.Handle(f.Fd())
		if windows.GetConsoleMode(console, &mode) != nil {
			continue // a file or a pipe
		}
		if windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
			os.Setenv("NO_COLOR", "1")
		}
	}
}
