package main

import (
	"flag"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

var out = flag.String("out", "", "where to write the rules")

var (
	seed   = flag.Uint64("compare", 0, "instead of learning, compare the rules that are there with the server, with this seed")
	rounds = flag.Int("rounds", 1, "how many random values are compared for each place")
)

var only = flag.String("only", "", "only samples whose name contains this")

func main() {
	flag.Parse()
	log.SetFlags(0)
	klog.SetLogger(logr.Discard())
	all, err := samples()
	if err != nil {
		log.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(s sample) bool { return !strings.Contains(s.name, *only) })
	if *seed != 0 {
		report(compare(all, *seed, *rounds))
		return
	}
	start := time.Now()
	l := newLesson()
	data, err := l.study(all)
	if err != nil {
		log.Fatal(err)
	}
	l.show()
	if *out != "" {
		if err := os.WriteFile(*out, data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
	log.Print(len(data), " bytes in ", time.Since(start))
}
