// Command client is a chat in the terminal: it prints what it receives, and sends each line.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	"realtimelab/lessons/socketio/sioclient"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:4000", "address of the server")
	flag.Parse()

	s, err := sioclient.New(*url, sioclient.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	// before Connect: no event is missed
	s.On("chat message", func(text string) { fmt.Println(text) })
	if err := s.Connect(context.Background()); err != nil {
		log.Fatal(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		s.Emit("chat message", lines.Text())
	}
}
