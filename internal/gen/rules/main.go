package main

import (
	"flag"
	"log"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
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
	if *seed != 0 {
		all = slices.DeleteFunc(all, func(s sample) bool { return !strings.Contains(s.name, *only) })
		report(compare(all, *seed, *rounds))
		return
	}
	start := time.Now()
	l := newLesson()
	work := make(chan place, 100)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for p := range work {
				l.learn(p)
			}
		})
	}
	n := 0
	for _, s := range all {
		if !strings.Contains(s.name, *only) {
			continue
		}
		typed, err := legacyscheme.Scheme.New(s.kind)
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range places(&s, reflect.TypeOf(typed).Elem()) {
			n++
			work <- p
		}
	}
	close(work)
	wg.Wait()
	l.doubt()
	rules := l.settle()
	l.show()
	data, err := rules.encode()
	if err != nil {
		log.Fatal(err)
	}
	if *out != "" {
		if err := os.WriteFile(*out, data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
	log.Print(len(data), " bytes")
	log.Print(n, " places in ", time.Since(start))
}
