package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"realtimelab/internal/dist"
	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/class"
	"realtimelab/internal/host"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/internal/site"
	"realtimelab/lessons"
	"realtimelab/web"
)

// classOptions holds the flags of `lab class`.
type classOptions struct {
	runOptions
	keep     string
	dist     string
	rehearse int
	commands io.Reader
}

// rehearsalStep is the mean time between two actions of a quick simulated student.
const rehearsalStep = 3 * time.Second

func classCommand(l lang.Lang) *cobra.Command {
	o := classOptions{runOptions: runOptions{lan: true, key: host.NewKey(),
		directory: &site.Directory{}}}
	c := &cobra.Command{
		Use: "class",
		Short: "Serve the whole course to a class: students join, " +
			"follow, vote and show on the board",
		Long: classHelp.In(l),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.addrByHand = c.Flags().Changed("addr")
			o.stdout, o.log, o.commands = c.OutOrStdout(), c.ErrOrStderr(), c.InOrStdin()
			if o.rehearse < 0 || o.rehearse > class.MaxStudents {
				return usagef("--rehearse wants a number of students from 1 to %d",
					"--rehearse 应为学生人数，1 到 %d",
					class.MaxStudents)
			}
			if o.rehearse > 0 && o.keep != "" {
				return usagef("a rehearsal is not kept: leave out --rehearse or --keep",
					"排练不会保存：请去掉 --rehearse 或 --keep")
			}
			return serveClass(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.addr, "addr", "127.0.0.1:3333",
		"address to listen on; without it, all addresses of this machine, "+
			"on port 3333 or the next free one")
	c.Flags().Lookup("addr").DefValue = "" // the port alone is taken from it
	c.Flags().BoolVar(&o.open, "open", false, "open the teacher's page in the browser")
	addAllowHost(c, &o.allowHosts)
	c.Flags().StringVar(&o.keep, "keep", "",
		"save the class and the teacher's key in this file; without it, "+
			"the class is lost when you stop")
	c.Flags().StringVar(&o.dist, "dist", "",
		"folder of binaries that make dist wrote; students download "+
			"them and the exercises from /dist/")
	c.Flags().IntVar(&o.rehearse, "rehearse", 0,
		"number of simulated students, to see the board alive before "+
			"the class; a rehearsal is not saved")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "random seed of the simulated students")
	c.Flags().StringVar(&o.lang, "lang", "",
		"language of the pages: en or zh (default: the browser's)")
	return c
}

// pagesOf returns the site of a course.
func pagesOf(course []lesson.Lesson) site.Config {
	return site.Config{Course: course, Web: web.Pages}
}

// newRoom returns the room of a course, loaded from the file to keep it in. The file holds the
// teacher's key, too, which replaces o's.
func newRoom(course []lesson.Lesson, pages site.Config, o *classOptions) (*class.Room, error) {
	all, err := exercise.Catalogue(course)
	if err != nil {
		return nil, err
	}
	predictions, err := pages.Predictions()
	if err != nil {
		return nil, err
	}
	slots, err := class.PredictQuestions(all)
	if err != nil {
		return nil, err
	}
	mistakes, err := class.Mistakes(all)
	if err != nil {
		return nil, err
	}
	room := class.NewRoom(class.Config{
		Columns: class.Columns(all), Questions: append(class.StepQuestions(predictions), slots...),
		Mistakes: mistakes,
		Places:   class.Places(course, all), Rehearsal: o.rehearse > 0,
	})
	if o.keep == "" {
		return room, nil
	}
	if err := room.Load(o.keep); err != nil {
		return nil, err
	}
	if o.key, err = host.ParseKey(room.TeacherKey(o.key.Text())); err != nil {
		return nil, lang.Errorf("%s: %w: remove \"teacher_key\" from the file",
			"%s：%w：请从文件里删除 \"teacher_key\"", o.keep, err)
	}
	if err := room.Save(o.keep); err != nil {
		return nil, lang.Errorf("cannot keep the class: %w",
			"无法保存课堂：%w", err)
	}
	return room, nil
}

func serveClass(ctx context.Context, o classOptions) (err error) {
	language, err := parseLang(o.lang)
	if err != nil {
		return err
	}
	logs := newSpool(o.log)
	defer logs.close()
	log := newLog(logs)
	course := lessons.All()
	pages := pagesOf(course)
	pages.Directory, pages.Lang, pages.Log = o.directory, language, log
	room, err := newRoom(course, pages, &o)
	if err != nil {
		return err
	}
	listener, err := o.listen(0)
	if err != nil {
		return err
	}
	addr := listener.Addr().(*net.TCPAddr)
	pages.Port, pages.Join = addr.Port, o.joinURLs(addr)
	var files *dist.Handouts
	if o.dist != "" {
		if files, err = handouts(o.dist); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	server := &class.Server{Handouts: files, Room: room, Site: pages, Teacher: o.key.Held,
		Files: part("class", web.Class), URL: o.urlOf(addr)}

	var demos host.Group
	defer func() { err = errors.Join(err, demos.Close()) }()
	if _, err = o.nearby().startAll(&demos, log); err != nil {
		return errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served, end, err := o.serveRoom(ctx, server, listener, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	o.announceClass(server.URL, addr, room.Code())
	spoken := cmp.Or(language, environmentLang())
	go obey(o.commands, room, o.log, spoken) // ends with its input, or with this program
	var rehearsal sync.WaitGroup
	if o.rehearse > 0 {
		rehearsal.Go(func() { room.Rehearse(ctx, o.rehearse, rehearsalStep, o.seed, pages.Lang) })
	}
	keepRoom(ctx, &keeper{room: room, path: o.keep, log: o.log, lang: spoken}, served)
	cancel()
	rehearsal.Wait()
	err = end()
	if o.keep != "" {
		err = errors.Join(err, saveAtLast(room, o.keep, o.log, spoken))
	}
	return err
}

// nearby returns the options of the demos: they take the next free ports, at the same host.
func (o classOptions) nearby() runOptions {
	if o.addrByHand {
		o.addrByHand, o.lan = false, false
	}
	return o.runOptions
}

// serveRoom serves the class. end stops it.
func (o classOptions) serveRoom(ctx context.Context, s *class.Server, l net.Listener,
	log *slog.Logger) (served <-chan error, end func() error, err error) {
	mux := http.NewServeMux()
	if err := s.Routes(mux); err != nil {
		return nil, nil, err
	}
	mux.Handle("POST /lab/key", o.key)
	server := httpserver.New(httpserver.Config{
		Handler: mux,
		Hosts:   httpserver.NewHosts(l.Addr(), hosts(o.addr, o.allowHosts)...),
		Log:     log,
		// ending it ends the streams of events
		BaseContext: func(net.Listener) context.Context { return ctx },
	})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(server.Track(l)) }()
	return ended, func() error {
		shutdown, done := context.WithTimeout(context.Background(), host.CloseTime)
		defer done()
		return server.Close(shutdown)
	}, nil
}

// classText says how students and the teacher come in: the class's URL, its code, and the wall's
// URL.
var classText = lang.Text{
	EN: `Students open %[1]s and join with the code %[2]s
On a laptop: lab exercise watch --class %[1]s --code %[2]s --name NAME
Teacher's page, for the projector: %[3]s
To remove a student, type: remove NAME
`,
	ZH: `学生打开 %[1]s，用加入码 %[2]s 加入
在电脑上：lab exercise watch --class %[1]s --code %[2]s --name 名字
老师的页面，用来投影：%[3]s
要移除学生，请输入：remove 名字
`,
}

// announceClass prints where the class is.
func (o classOptions) announceClass(url string, addr *net.TCPAddr, code string) {
	o.notePort(lang.Lang(o.lang), 0, addr)
	fmt.Fprintf(o.stdout, "class\t%s\n", url)
	if addr.IP.IsUnspecified() {
		o.printClassroom(addr.Port)
	}
	wall := o.localURL(addr) + class.Path + "wall"
	language := cmp.Or(lang.Lang(o.lang), environmentLang())
	fmt.Fprintf(o.log, classText.In(language), url, code, o.key.URL(wall))
	if o.open {
		openOrPrint(o.log, o.key.URL(wall), language)
	}
}

// obey executes the teacher's commands, one per line.
func obey(commands io.Reader, room *class.Room, out io.Writer, l lang.Lang) {
	allowBackground()
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		command, name, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch {
		case command == "":
		case command != "remove" || name == "":
			fmt.Fprintln(out, l.Say("lab: the only command is: remove NAME",
				"lab: 唯一的命令是：remove 名字"))
		default:
			removed := room.Remove(name)
			if len(removed) == 0 {
				fmt.Fprintf(out, l.Say("lab: the class has no name %q\n",
					"lab: 课堂里没有 %q 这个名字\n"), name)
			}
			for _, name := range removed {
				// safe to print, like all names in a room
				fmt.Fprintln(out, l.Say("removed: ", "已移除：")+name)
			}
		}
	}
}

// part returns a folder of the embedded files.
func part(name string, all fs.FS) fs.FS {
	sub, err := fs.Sub(all, name)
	if err != nil {
		panic(err) // only for an invalid path
	}
	return sub
}

// classHelp explains lab class.
var classHelp = lang.Text{
	EN: `Serves the course to the students in this room. They join with the address or the QR code, and with the
join code that the teacher's page shows. The teacher opens lessons and questions for everyone, and sees
each student's progress. To remove a student, use the teacher's page or type: remove NAME (or: remove x*)`,
	ZH: `给这个教室里的学生上课。他们用网址或二维码加入，并输入老师页面上显示的加入码。老师为所有人打开课文和问题，
并看到每个学生的进度。要移除学生，用老师的页面，或者输入：remove 名字（或：remove x*）`,
}
