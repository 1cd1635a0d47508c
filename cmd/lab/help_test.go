package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// everyCommand calls visit with each command that a person can see, and their own subcommands.
func everyCommand(c *cobra.Command, visit func(*cobra.Command)) {
	if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
		return
	}
	visit(c)
	for _, below := range c.Commands() {
		everyCommand(below, visit)
	}
}

func TestEveryHelpIsInBothLanguages(t *testing.T) {
	in := func(where, text string) {
		assert.True(t, text == "" || strings.ContainsFunc(text, func(r rune) bool {
			return unicode.Is(unicode.Han, r)
		}), "%s has no Chinese: %q", where, text)
	}
	everyCommand(command(lang.Chinese), func(c *cobra.Command) {
		in(c.CommandPath(), c.Short)
		in(c.CommandPath(), c.Long)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				in(c.CommandPath(), f.Usage)
			}
		})
	})
}

func TestEveryCommandHasAnExampleThatItAccepts(t *testing.T) {
	everyCommand(command(lang.English), func(c *cobra.Command) {
		if !assert.NotEmpty(t, c.Example, c.CommandPath()) {
			return
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "lab" || strings.ContainsAny(line, `'"`) {
				continue // a shell would have to split it
			}
			if redirected := strings.IndexAny(line, "|<>"); redirected >= 0 {
				words = strings.Fields(line[:redirected])
			}
			fresh := command(lang.English)
			found, args, err := fresh.Find(words[1:])
			require.NoError(t, err, line)
			require.NoError(t, found.ParseFlags(args), line)
			assert.NoError(t, found.ValidateArgs(found.Flags().Args()), line)
			assert.NoError(t, conflict(found), line)
			for _, name := range found.Flags().Args() {
				if list, known := arguments[found.CommandPath()]; known {
					assert.Contains(t, offer(list(), nil, "", lang.English),
						first(offer(list(), nil, "", lang.English), name), line)
				}
			}
		}
	})
}

// first returns the offer with that name.
func first(offers []string, name string) string {
	for _, o := range offers {
		if strings.HasPrefix(o, name+"\t") {
			return o
		}
	}
	return "no " + name
}

func TestHelpSaysWhatTheBareCommandDoesAndItsExitCodes(t *testing.T) {
	for language, words := range map[string][]string{
		"en": {"Without a command, lab opens its screens", "Exit codes:", "lab run broadcast",
			"Commands:", "Flags:", "completion"},
		"zh": {"不带命令时", "退出码：", "示例：", "命令：", "选项：", "并排测量各种传输"},
	} {
		out, err := exec.Command(binary, "--help", "--lang", language).Output()
		require.NoError(t, err)
		for _, word := range words {
			assert.Contains(t, string(out), word)
		}
	}
	out, err := exec.Command(binary, "run", "--help", "--lang=zh").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "每个客户端的模拟网络：none, wifi")
	assert.Contains(t, string(out), "lab run sse ws-chat --open")
	assert.Contains(t, string(out), "lab run DEMO... [选项]")
	assert.Contains(t, string(out), "的随机种子（默认 1）")
	assert.NotContains(t, string(out), "(default")
}

func TestExitCodes(t *testing.T) {
	code := func(args ...string) int {
		err := exec.Command(binary, args...).Run()
		if err == nil {
			return 0
		}
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		return exit.ExitCode()
	}
	assert.Equal(t, 0, code("list"))
	assert.Equal(t, exitUsage, code("run", "brodcast"))
	assert.Equal(t, exitUsage, code("list", "--plain", "--json"))
	assert.Equal(t, exitUsage, code("--nonsense"))
	assert.Equal(t, exitUsage, code("list", "--lang", "fr"))
	for _, wrong := range []string{
		"xray open --filter kind:x a.har", "xray open --filter #x a.har",
		"xray open --layers foo a.har", "xray open --save x.txt a.har", "xray open",
		"xray --to ftp://x", "xray --to http://127.0.0.1:1 --save x.txt",
		"xray --to http://127.0.0.1:1 --page x", "xray --to http://127.0.0.1:1 --addr x",
		"run sse --filter kind:x", "run sse --layers foo", "run sse --save x.txt",
		"run sse --no-tap --save x.har", "run sse ws-chat --save x.har",
		"run sse --net nope", "run sse --proxy nope", "run sse --addr x", "run sse --cert x",
		"run sse --servers 2", "serve --net nope",
		"compare --net nope", "compare --format nope", "compare --to http://127.0.0.1:1",
		"compare --clients 0", "tunnel --no-upgrade", "class --rehearse -1",
	} {
		assert.Equal(t, exitUsage, code(strings.Fields(wrong)...), wrong)
	}
	assert.Equal(t, exitFailed, code("compare", "--open", "none.html"))
}

// complaint returns what a command that fails prints in a language.
func complaint(t *testing.T, locale string, args ...string) string {
	c := exec.Command(binary, args...)
	c.Env = append(os.Environ(), "LC_ALL="+locale)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	assert.Error(t, c.Run(), "%v", args)
	return strings.TrimSpace(stderr.String())
}

func TestErrorsAreInTheLanguageOfTheHelp(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, c := range []struct{ args, en, zh string }{
		{"run brodcast", `no demo "brodcast"; did you mean "broadcast"? The demos are: `,
			`没有演示 "brodcast"；你是想输入 "broadcast" 吗？演示有：`},
		{"run sse --net 5g", `network "5g": want one of none, wifi`, `网络 "5g"：应为 none, wifi`},
		{"run sse --proxy bufering", `no kind "bufering"; did you mean "buffering"?`,
			`没有种类 "bufering"；你是想输入 "buffering" 吗？`},
		{"run sse --addr " + taken.Addr().String(), "cannot listen on 127.0.0.1:",
			"无法监听 127.0.0.1:"},
		{"run sse --seed x", `--seed "x": want a whole number of 0 or more`,
			`--seed "x": 应为不小于 0 的整数`},
		{"run sse --seed 1 --seed 2", "it is given twice", "写了两次"},
		{"run sse --no-tap --layers tcp", "use one of them", "请只用一个"},
		{"compare --clients -1", "clients -1: want 1 to", "clients -1：应为 1 到"},
		{"compare --open none.html", "no such file or directory", "没有这个文件或目录"},
		{"compare --net 3g,rtt=9h", "want 0 to", "应为 0 到"},
		{"compare --proxy nope", `--proxy: proxy "nope": no kind`,
			`--proxy: 代理 "nope"：没有种类`},
		{"xray --to 127.0.0.1:8080", "did you mean http://127.0.0.1:8080?",
			"你是想输入 http://127.0.0.1:8080 吗？"},
		{"xray http://127.0.0.1:8080",
			"--to is missing; did you mean: lab xray --to http://127.0.0.1:8080",
			"缺少 --to；你是想输入：lab xray --to http://127.0.0.1:8080"},
		{"xray opne", `no command "lab xray opne"; did you mean "open"?`,
			`没有命令 "lab xray opne"；你是想输入 "open" 吗？`},
		{"load 127.0.0.1:8080", "did you mean http://127.0.0.1:8080?",
			"你是想输入 http://127.0.0.1:8080 吗？"},
		{"load --clinets 3", `did you mean "--clients"?`, `你是想输入 "--clients" 吗？`},
		{"xray open a.har --save b.txt", "want a name that ends in", "名字应以"},
		{"xray open none.har", "no such file or directory", "没有这个文件或目录"},
		{"load http://127.0.0.1:1", "no server answers at http://127.0.0.1:1: ",
			"http://127.0.0.1:1 没有服务器应答："},
		{"load http://203.0.113.7", "load harms servers of others", "负载会损害别人的服务器"},
		{"load http://127.0.0.1:1 --fail p99", "want a value, such as p99>200ms",
			"缺少值，例如 p99>200ms"},
		{"connect http://127.0.0.1:1 --follow",
			"connection refused. Hint: no program listens there",
			"连接被拒绝。提示：那里没有程序在监听"},
		{"connect http://127.0.0.1:1 --eio 5", "want revision 3 or 4", "版本应为 3 或 4"},
		{"tunnel --no-upgrade", "--no-upgrade needs --inspect", "--no-upgrade 需要 --inspect"},
		{"exercise show nope", `no exercise "nope"`, `没有练习 "nope"`},
		{"lesson nope", `no lesson "nope"`, `没有课程 "nope"`},
		{"nope", `no command "lab nope"`, `没有命令 "lab nope"`},
	} {
		args := strings.Fields(c.args)
		assert.Contains(t, complaint(t, "C", args...), c.en, c.args)
		assert.Contains(t, complaint(t, "zh_CN.UTF-8", args...), c.zh, c.args)
	}
}

// offered runs the completion of a command line, as the scripts of the shells do.
func offered(t *testing.T, args ...string) string {
	out, err := exec.Command(binary, append([]string{"__complete"}, args...)...).Output()
	require.NoError(t, err)
	return string(out)
}

func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		want string
		args []string
	}{
		{"broadcast\t", []string{"run", ""}},
		{"ws-chat\t", []string{"run", "broadcast", ""}},
		{"websocket\t", []string{"lesson", ""}},
		{"broadcast\t", []string{"lesson", ""}},
		{"socketio\t", []string{"test", ""}},
		{"cursor\t", []string{"exercise", "check", ""}},
		{"3g\t", []string{"run", "sse", "--net", ""}},
		{"wifi,3g\t", []string{"compare", "--net", "wifi,"}},
		{"websocket\t", []string{"compare", "--transports", ""}},
		{"idle\t", []string{"compare", "--workload", ""}},
		{"event\n", []string{"run", "sse", "--layers", ""}},
		{"zh\t简体中文", []string{"run", "sse", "--lang", ""}},
		{"homework\t", []string{"exercise", "list", "--set", ""}},
		{"buffering\t", []string{"run", "sse", "--proxy", ""}},
		{"compare\t", []string{"comp"}},
		{"--accessible\t", []string{"run", "--acc"}},
	} {
		assert.Contains(t, offered(t, c.args...), c.want, "%v", c.args)
	}
	assert.NotContains(t, offered(t, "run", "broadcast", ""), "\nbroadcast\t",
		"a demo is not offered twice")
	assert.NotContains(t, offered(t, "lesson", "sse", ""), "websocket", "one is enough")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		out, err := exec.Command(binary, "completion", shell).Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), "__complete", shell)
	}
}

// TestBashCompletes lets bash complete a command line with the lab's script.
func TestBashCompletes(t *testing.T) {
	script := `PATH=` + binaryDir() + `:$PATH; source <(lab completion bash)
_get_comp_words_by_ref() { # as bash-completion has it
  words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}
}
COMP_WORDS=(lab run broadc); COMP_CWORD=2; COMP_LINE="lab run broadc"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
__start_lab; printf '%s\n' "${COMPREPLY[@]}"`
	c := exec.Command("bash", "-c", script)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, stderr.String())
	assert.Equal(t, "broadcast", strings.TrimSpace(string(out)), stderr.String())
}

func binaryDir() string { return strings.TrimSuffix(binary, "/lab") }
