package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
	"gatehouse.dev/gatehouse/pkg/quota/record"
	"gatehouse.dev/gatehouse/pkg/session"
)

// recordPause is how often running Pods are looked at for hours that are over.
const recordPause = time.Minute

// gpuRecords writes a line for each closed interval of device time. What a restart writes
// again has the same id.
type gpuRecords struct {
	cache  cache.Cache
	prefix string
	now    func() time.Time

	mu      sync.Mutex
	out     io.Writer
	written map[types.UID]map[string]bool
}

// NeedLeaderElection: one process writes.
func (r *gpuRecords) NeedLeaderElection() bool { return true }

// Start watches Pods until ctx ends.
func (r *gpuRecords) Start(ctx context.Context) error {
	informer, err := r.cache.GetInformer(ctx, &corev1.Pod{})
	if err != nil {
		return fmt.Errorf("watch pods for usage records: %w", err)
	}
	logger := log.FromContext(ctx).WithName("records")
	told := func(o any, gone bool) {
		if d, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
			o = d.Obj
		}
		if pod, ok := o.(*corev1.Pod); ok {
			if err := r.tell(ctx, pod, gone); err != nil {
				logger.Error(err, "usage record")
			}
		}
	}
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { told(o, false) },
		UpdateFunc: func(_, o any) { told(o, false) },
		DeleteFunc: func(o any) { told(o, true) },
	})
	if err != nil {
		return fmt.Errorf("watch pods for usage records: %w", err)
	}
	defer func() { _ = informer.RemoveEventHandler(handle) }()
	ticker := time.NewTicker(recordPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			var pods corev1.PodList
			if err := r.cache.List(ctx, &pods); err != nil {
				logger.Error(err, "list pods for usage records")
			}
			for i := range pods.Items {
				told(&pods.Items[i], false)
			}
		}
	}
}

// tell writes what has not been written yet of one Pod.
func (r *gpuRecords) tell(ctx context.Context, pod *corev1.Pod, gone bool) error {
	name, ours := strings.CutPrefix(pod.Namespace, r.prefix)
	if !ours || gpu.Devices(pod) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[types.UID]map[string]bool{}
	}
	done := r.written[pod.UID]
	if done == nil {
		done = map[string]bool{}
		r.written[pod.UID] = done
	}
	for _, i := range gpu.Intervals(pod, r.now(), gone) {
		if done[i.ID()] {
			continue
		}
		line, err := json.Marshal(record.New(i.ID(), r.use(ctx, name, i)))
		if err != nil {
			return fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		if _, err := r.out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		done[i.ID()] = true
	}
	if gone {
		delete(r.written, pod.UID)
	}
	return nil
}

// use is one interval as a record; a tenant that is no more is still named.
func (r *gpuRecords) use(ctx context.Context, name string, i gpu.Interval) record.Use {
	u := record.Use{
		Tenant: name, Dimension: gpu.Dimension, Unit: quota.Unit(gpu.Dimension),
		Amount: strconv.FormatInt(i.Devices*i.Seconds(), 10), Start: i.From.UTC(), End: i.To.UTC(),
		Resource: i.Pod.Namespace + "/" + i.Pod.Name, ResourceUID: string(i.Pod.UID), Session: i.Pod.Labels[session.LabelSession],
	}
	var t v1alpha1.Tenant
	if err := r.cache.Get(ctx, client.ObjectKey{Name: name}, &t); err == nil {
		u.User, u.Organization, u.Tier = t.Spec.Owner.User, t.Spec.Organization, t.Spec.Tier
	}
	return u
}
