package apiserver

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// pools hands out values that no two objects may share: addresses of services and ports on nodes. A value belongs to an object
// until the object is gone or has given it up; values that a failed write took are given back.
type pools struct {
	mu    sync.Mutex
	taken map[string]map[string]bool
	next  map[string]int
}

func (p *pools) init() {
	p.taken = map[string]map[string]bool{strategy.ClusterIPs: {}, strategy.NodePorts: {}}
	p.next = map[string]int{}
}

// Take implements the reservation of [strategy.Env].
func (p *pools) take(pool, value string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.taken[pool]
	if value != "" {
		if taken[value] {
			return "", false
		}
		taken[value] = true
		return value, true
	}
	for range poolSize[pool] {
		value := poolValue(pool, p.next[pool]%poolSize[pool])
		p.next[pool]++
		if !taken[value] {
			taken[value] = true
			return value, true
		}
	}
	return "", false
}

func (p *pools) give(pool, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken[pool], value)
}

var poolSize = map[string]int{strategy.ClusterIPs: 65_000, strategy.NodePorts: 2768}

// poolValue is the i-th value: addresses of 10.96.0.0/16 from .0.10 on, ports from 30000 on.
func poolValue(pool string, i int) string {
	if pool == strategy.NodePorts {
		return strconv.Itoa(30000 + i)
	}
	i += 10
	return fmt.Sprintf("10.96.%d.%d", i/256, i%256)
}

// reservation is the [strategy.Env] of one write.
type reservation struct {
	pools *pools
	now   metav1.Time
	held  [][2]string
}

func (r *reservation) Take(pool, value string) (string, bool) {
	v, ok := r.pools.take(pool, value)
	if ok {
		r.held = append(r.held, [2]string{pool, v})
	}
	return v, ok
}

func (r *reservation) Now() string { return r.now.UTC().Format(time.RFC3339) }

// cancel gives everything back.
func (r *reservation) cancel() {
	for _, h := range r.held {
		r.pools.give(h[0], h[1])
	}
	r.held = nil
}

// release gives back what old held and obj does not; a nil obj is gone.
func (p *pools) release(old, obj map[string]any) {
	kept := map[[2]string]bool{}
	for _, h := range held(obj) {
		kept[h] = true
	}
	for _, h := range held(old) {
		if !kept[h] {
			p.give(h[0], h[1])
		}
	}
}

// held lists the pool values in an object, by where the objects that have them keep them.
func held(obj map[string]any) [][2]string {
	var out [][2]string
	if ip, _ := strategy.Get(obj, strategy.Path{"spec", "clusterIP"}).(string); ip != "" && ip != "None" {
		out = append(out, [2]string{strategy.ClusterIPs, ip})
	}
	ports, _ := strategy.Get(obj, strategy.Path{"spec", "ports"}).([]any)
	for _, p := range ports {
		p, _ := p.(map[string]any)
		if n, ok := p["nodePort"].(int64); ok && n != 0 {
			out = append(out, [2]string{strategy.NodePorts, strconv.FormatInt(n, 10)})
		}
	}
	return out
}
