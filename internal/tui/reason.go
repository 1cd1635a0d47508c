package tui

import (
	"context"
	"errors"

	"realtimelab/internal/gotest"
	"realtimelab/internal/lang"
	"realtimelab/internal/terminal"
)

// Reason says in the reader's language why tests did not run, and what would help.
func Reason(err error, language lang.Lang) string {
	switch {
	case errors.Is(err, gotest.ErrNoGo):
		return lang.Text{
			EN: "The tests need Go, and there is no go command on PATH. Install Go 1.26 or newer " +
				"(go.dev/dl, or your system's packages), then run them again.",
			ZH: "测试需要 Go，但 PATH 中没有 go 命令。请安装 Go 1.26 或更新版本（go.dev/dl，" +
				"或系统的软件包），然后再试。",
		}.In(language)
	case errors.Is(err, gotest.ErrOldGo):
		return lang.Text{
			EN: "The Go on this machine is too old for the tests. Install Go 1.26 or newer " +
				"(go.dev/dl, or your system's packages), then run them again.",
			ZH: "这台机器上的 Go 太旧，运行不了测试。请安装 Go 1.26 " +
				"或更新版本（go.dev/dl，或系统的软件包），然后再试。",
		}.In(language)
	case errors.Is(err, gotest.ErrNoSource):
		return lang.Text{
			EN: "The tests are in the lab's source, and it is not here. Get the " +
				"source and run lab in its folder.",
			ZH: "测试在实验室的源代码里，而这里没有源代码。请取得源代码，并在其文件夹中运行 lab。",
		}.In(language)
	case errors.Is(err, context.Canceled):
		return lang.Text{EN: "Stopped.", ZH: "已停止。"}.In(language)
	}
	return terminal.Clean(lang.Message(err, language))
}

// failure returns an error for the screen, in the reader's language.
func (u *ui) failure(err error) string {
	return bad.Render(terminal.Clean(lang.Message(err, u.lang)))
}
