package main

import "strings"

// helpInChinese holds the Chinese for the texts of the help. rootHelp, which is long, stands with
// the command.
var helpInChinese = map[string]string{
	// Commands.
	"A teaching lab for real-time web transports":                                          "实时 Web 传输的教学实验室",
	"List the lessons and demos":                                                           "列出课程和演示",
	"Run demos until Ctrl-C, each at its own address":                                      "运行演示，每个有自己的地址，按 Ctrl-C 结束",
	"Serve the whole lab until Ctrl-C: the home page, every lesson and every demo":         "运行整个实验室（首页、全部课程和演示），按 Ctrl-C 结束",
	"Read a lesson; without a name, list the lessons":                                      "阅读课文；不写名称则列出课程",
	"Run the tests of one lesson or of all lessons":                                        "运行一课或全部课程的测试",
	"Measure the transports side by side":                                                  "并排测量各种传输",
	"Put the x-ray in front of any server, or open a capture":                              "把线路透视放在任意服务器前面，或打开抓包文件",
	"Show the traffic in a file":                                                           "显示一个文件里的流量",
	"Run a forward proxy as companies have them: it tunnels TLS, or opens it":              "运行公司里常见的正向代理：为 TLS 建隧道，或者解开它",
	"Make the lab's certificate authority (CA) once, and print how to trust it":            "创建实验室的证书颁发机构（CA），并说明如何信任它",
	"Exercises: fix code, complete it, predict traffic, and get feedback":                  "练习：修改代码、补全代码、预测流量，并得到反馈",
	"Serve the whole course to a class: students join, follow, vote and show on the board": "给一个班上课：学生加入、跟随、投票，并显示在进度板上",
	"Show the version, the commit and the system of this program":                          "显示本程序的版本、提交和系统",
	"List the exercises and your progress":                                                 "列出练习和你的进度",
	"Show the next exercise, or choose one to do next":                                     "显示下一个练习，或者选定接下来做哪个",
	"Show the text of an exercise":                                                         "显示练习的题目",
	"Check an exercise, by default the next one":                                           "检查一个练习，默认是下一个",
	"Check an exercise whenever you save it, until Ctrl-C":                                 "每次保存就检查，按 Ctrl-C 结束",
	"Show the next of three hints":                                                         "显示下一条提示（共三条）",
	"Show our solution after you have solved it":                                           "完成之后查看我们的答案",
	"What you changed": "查看你的改动",
	"Restore the starting files and keep a copy of yours": "恢复初始文件，" +
		"并保留你的一份副本",
	"Help about any command":                                     "查看任意命令的帮助",
	"Generate the autocompletion script for the specified shell": "生成指定 shell 的补全脚本",
	"Generate the autocompletion script for bash":                "生成 bash 的补全脚本",
	"Generate the autocompletion script for zsh":                 "生成 zsh 的补全脚本",
	"Generate the autocompletion script for fish":                "生成 fish 的补全脚本",
	"Generate the autocompletion script for powershell":          "生成 PowerShell 的补全脚本",

	// Longer descriptions.
	"Serves the home page at the address, and each demo at one of the ports that follow.": "在该地址提供首页，随后的每个端口提供一个演示。",
	"Prints a lesson's text, with the code that it explains. NAME is a lesson or one of its " +
		"demos. To page: lab lesson NAME | less": "打印课文和它讲解的代码。NAME 是课程名，" +
		"也可以是其中一个演示。分页阅读：lab lesson NAME | less",
	"The exercises are written to a folder (--dir), a small Go module that works offline. Edit " +
		"them there.\n\nBegin with: lab exercise next": "练习会写入一个文件夹（--dir），" +
		"它是一个可离线使用的小 Go 模块。请在那里编辑。\n\n从这里开始：lab exercise next",

	// Flags.
	"en or zh (default: the terminal's)": "语言：en 或 zh（默认随终端）",
	"en or zh":                           "语言：en 或 zh",
	"language of the pages: en or zh (default: the browser's)":                                 "页面语言：en 或 zh（默认随浏览器）",
	"language of the page: en or zh (default: the terminal's)":                                 "页面语言：en 或 zh（默认随终端）",
	"listen on all addresses, for the whole classroom":                                         "监听所有地址，供整个教室使用",
	"print the lessons and demos as plain lines":                                               "以纯文本行列出课程和演示",
	"for screen readers: print sentences, one per line":                                        "供屏幕阅读器使用：每行一句话",
	"also answer to this host name, besides the printed addresses":                             "除打印出的地址外，也接受这个主机名",
	"address to listen on; if the default port is taken, the next free one is used":            "监听地址；默认端口被占用时，使用下一个空闲端口",
	"listen on all addresses, for the whole classroom, and print the URLs and a QR code":       "监听所有地址，供整个教室使用，并打印网址和二维码",
	"open the page in the browser":                                                             "在浏览器中打开页面",
	"serve without the wire tap: no x-ray":                                                     "不做旁路监听：没有线路透视",
	"include requests for the pages' own files (/lab/) in the x-ray":                           "线路透视也显示对页面自身文件（/lab/）的请求",
	"random seed of the simulated network":                                                     "模拟网络的随机种子",
	"print one line per demo on stdout, NAME<TAB>URL, and the x-ray's rows on stderr":          "在标准输出上为每个演示打印一行 NAME<TAB>URL，线路透视的行打印到标准错误输出",
	"print lines on stdout, NAME<TAB>URL: first the home page, named serve, then one per demo": "在标准输出上打印 NAME<TAB>URL 行：先是首页（名为 serve），然后每个演示一行",
	"print the same lines as JSON":                                                             "以 JSON 打印同样的行",
	"print the x-ray's rows on stdout as JSON lines":                                           "在标准输出上以 JSON 行打印线路透视的行",
	"print only the rows that pass, such as 'layer:ws -ping'; see lab xray --help":             "只打印符合条件的行，例如 'layer:ws -ping'；见 lab xray --help",
	"save all traffic in this file at the end: .pcapng for Wireshark, .jsonl for lab xray open, " +
		"or .har for a browser's developer tools": "结束时把全部流量保存到这个文件，" +
		"不论打印哪些行：.pcapng 供 Wireshark，.jsonl 供 lab xray open，.har 供浏览器的开发者工具",
	"print JSON": "打印 JSON",
	"print one line per demo, NAME<TAB>LESSON<TAB>TITLE": "每个演示一行：NAME<TAB>LESSON<TAB>TITLE",
	"serve https, wss and HTTP/2 with a certificate made at start; " +
		"browsers warn, because they do not know it": "用启动时生成的证书提供 https、wss 和 " +
		"HTTP/2；浏览器不认识它，会警告",
	"serve https with a certificate of the lab's CA, which lab ca " +
		"makes: no warning where it is trusted": "用实验室 CA（由 lab ca 创建）签发的证书提供 " +
		"https：信任它的地方没有警告",
	"serve https with the certificate in this PEM file instead; needs --key":                     "改用这个 PEM 文件里的证书提供 https；需要 --key",
	"PEM file with the private key of --cert":                                                    "--cert 对应私钥的 PEM 文件",
	"demo cluster: number of Socket.IO servers, 1 to 6":                                          "演示 cluster：Socket.IO 服务器的数量，1 到 6",
	"demo cluster: URL of a Redis, such as redis://127.0.0.1:6379 (default: one inside the lab)": "演示 cluster：Redis 的 URL，例如 redis://127.0.0.1:6379（默认用实验室内置的）",
	"folder of the exercises (default: the current one, else lab-exercises)":                     "练习所在的文件夹（默认是当前文件夹，否则是 lab-exercises）",
	"only the exercises of this lesson":                                                          "只要这一课的练习",
	"only this part of the course: core, quick or homework":                                      "只要课程的这一部分：core、quick 或 homework",
	"check every exercise that you have changed":                                                 "检查你改过的全部练习",
	"black box: the URL of your server, in any language":                                         "黑盒检查：你的服务器的 URL，用什么语言写都行",
	"compile with the race detector (needs a C compiler)":                                        "编译时启用竞态检测（需要 C 编译器）",
	"address of the class, where the teacher sees your progress":                                 "课堂的地址，老师在那里看到你的进度",
	"join code of the class; the teacher shows it":                                               "课堂的加入码，由老师出示",
	"your name in the class":                                                                     "你在课堂上的名字",
	"your seat code, from your class page: the same student on this laptop":                      "你的座位码，见你的课堂页面：表示这台电脑上是同一个学生",
	"if your name is taken, ask the teacher for the seat":                                        "名字已被占用时，向老师申请这个座位",
	"show it even if the exercise is not solved":                                                 "即使练习还没有通过也显示",
	"compare your code with our solution, after you have solved it":                              "完成之后，把你的代码和我们的答案对比",
	"show the solution with its reasons, and the wrong solutions with what each misses":          "显示答案及其理由，以及各个错误答案漏掉了什么",
	"check the files every second, for systems without file events":                              "每秒检查一次文件，供没有文件事件的系统使用",
	"folder of the CA (default: realtimelab in your folder for configuration)":                   "CA 所在的文件夹（默认是配置文件夹里的 realtimelab）",
	"delete the CA and its key from this machine":                                                "从这台机器上删除 CA 及其私钥",
	"address to listen on; without it, all addresses of this machine, " +
		"on port 3333 or the next free one": "监听地址；不写则监听本机所有地址，端口 " +
		"3333 或下一个空闲端口",
	"open the teacher's page in the browser": "在浏览器中打开老师的页面",
	"save the class and the teacher's key in this file; without it, " +
		"the class is lost when you stop": "把课堂和老师的密钥保存到这个文件；" +
		"不写的话，停止后课堂的内容就丢失",
	"folder of binaries that make dist wrote; students download " +
		"them and the exercises from /dist/": "make dist 写出的程序所在的文件夹；学生从 " +
		"/dist/ 下载它们和练习",
	"number of simulated students, to see the board alive before " +
		"the class; a rehearsal is not saved": "模拟学生的数量，" +
		"用来在课前看看进度板的样子；排练不会保存",
	"random seed of the simulated students": "模拟学生的随机种子",
	"address for your client; if the default port is taken, the next " +
		"free one is used; port 0 picks any": "供你的客户端使用的地址；" +
		"默认端口被占用时用下一个空闲端口；端口 0 任选一个",
	"end TLS with certificates of the lab's CA, and read every request":        "用实验室 CA 的证书终结 TLS，并读取每个请求",
	"with --inspect: drop the header Upgrade, as proxies without WebSocket do": "与 --inspect 合用：去掉 Upgrade 头，如同不支持 WebSocket 的代理",
	"print the address as JSON":                        "以 JSON 打印地址",
	"TLS on every lane":                                "每条跑道都使用 TLS",
	"duration of one run of one transport":             "每种传输每一轮的时长",
	"polling interval of short polling":                "短轮询的间隔",
	"number of runs of each transport":                 "每种传输的轮数",
	"all figures in the table, not only the main ones": "表中显示全部指标，而不只是主要的",
	"print the JSON Schema of --format json":           "打印 --format json 的 JSON Schema",
	"measure your own server at this URL instead of the transports, " +
		"see above; repeat it for several": "改为测量你自己的服务器（此 URL），" +
		"见上文；多个服务器就重复写",
	"ID of the process that listens at --to, to measure its CPU and " +
		"memory; between commas for several": "监听 --to 的进程的 ID，用来测量它的 CPU " +
		"和内存；多个用逗号分隔",
	"what the clients send, see above; or several":  "客户端发送什么，见上文；可以写多个",
	"transports to compare, between commas; or all": "要比较的传输，用逗号分隔；或者 all",
	"how long to cut off the clients after each measurement, to see them recover; 0 for no cut; " +
		"with reconnect-storm among the workloads, only its clients are cut off": "每次测量后让客户端断线多久，" +
		"以观察恢复；0 表示不断线；同时测 reconnect-storm 时，只有它的客户端会断线",
	"random seed of the schedule and of the order of the transports":                          "发送时刻和传输顺序的随机种子",
	"run the servers in the clients' process; their CPU and memory then include the clients'": "服务器与客户端在同一个进程中运行；CPU 和内存就包含客户端的",
	"also write a page with charts to this file, for the screen and for print":                "另外把带图表的页面写入这个文件，可看可打印",
	"show this report instead of measuring, from its page or its " +
		"JSON; twice: compare two reports": "不测量，而是显示这份报告（页面或 JSON）；" +
		"写两次则对比两份报告",
	"URL of the server, with http, ws, https, wss, redis or rediss (required)": "服务器的 URL，" +
		"以 http、ws、https、wss、redis 或 rediss 开头（必需）",
	"take any certificate of the server": "接受服务器的任何证书",
	"address of the page; port 0 picks any (default: a port on " +
		"127.0.0.1 that is the same from run to run)": "页面的地址；端口 0 任选一个" +
		"（默认：127.0.0.1 上每次运行都相同的端口）",
	"print the rows on stdout, one per line": "在标准输出上打印线路透视的行，每条一行",
	"convert the file, or with --filter and --layers a part of it, " +
		"to this .pcapng, .jsonl or .har": "把文件转换成这个 .pcapng、.jsonl 或 .har；" +
		"与 --filter 和 --layers 合用则只转换一部分",
}

// beginningsInChinese holds the Chinese for texts whose end lists names of the lab.
var beginningsInChinese = map[string]string{
	"simulated network of each client: ":                                  "每个客户端的模拟网络：",
	"put a proxy before each demo: none, which forwards everything, or ":  "在每个演示前面放一个代理：none（原样转发）或 ",
	"measure instead what each transport survives behind these proxies: ": "改为测量每种传输在这些代理后面还能不能用：",
	"print only the rows of these layers: ":                               "只打印这些层的行：",
	"what the server of --to is: ":                                        "--to 的服务器是什么：",
	"connected clients (default ":                                         "连接的客户端数（默认 ",
	"messages per second; see above (default ":                            "每秒消息数，见上文（默认 ",
	"bytes of a message's text (default ":                                 "每条消息文本的字节数（默认 ",
	"format on standard output: ":                                         "标准输出的格式：",
	"what the server is: ":                                                "服务器是什么：",
	"what the clients do: ":                                               "客户端做什么：",
	"clients that should receive a message: ":                             "应当收到消息的客户端：",
	"help for ":    "查看帮助：",
	"version for ": "查看版本：",
}

// endingsInChinese turns what stands between the names.
var endingsInChinese = strings.NewReplacer(
	", for ", "，", ")", "）",
	" (default websocket for ws:// and wss://, else socketio)",
	"（ws:// 和 wss:// 默认 websocket，否则 socketio）",
	"; several between commas, such as ", "；多个用逗号分隔，例如 ",
	", or a list such as ", "，或者一串设置，例如 ",
	"; repeat it, or put names between commas, for several", "；多个网络就重复写，或用逗号分隔",
	", or all; several between commas, and one of several kinds with plus signs",
	" 或 all；多个用逗号分隔，一个代理的多种故障用加号连接",
)
