package apiserver

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// beside are objects that a controller reads or writes beside the workloads: Endpoints and
// their slices, a budget's status, an autoscaler's scale, a Pod's own claim, a Job's end.
var beside = []string{
	workload("Deployment", "w-auto"),
	"apiVersion: v1\nkind: Service\nmetadata: {name: w-auto}\nspec: {selector: {app: w-auto}, ports: [{port: 80}]}\n",
	"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: w-auto}\nspec: {minReplicas: 2, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: w-auto}}\n",
	"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: w-auto}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: w-auto}}}\n",
	fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: w-over}\nspec: {ttlSecondsAfterFinished: 0, template: {spec: {restartPolicy: Never, %s}}}\n", container),
	fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: w-own, labels: {app: w-own}}\nspec: {%s, volumes: [{name: scratch, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}}}]}\n", container),
}

// workBeside drives the controllers that make no Pods.
func workBeside(ctx context.Context, c *cluster) {
	GinkgoHelper()
	alice, admin := c.as("alice"), c.as("admin")
	for _, manifest := range beside {
		_, err := alice.create(ctx, aliceNS, manifest)
		Expect(err).NotTo(HaveOccurred(), manifest)
	}
	for what, seen := range map[string]func() (bool, error){
		"the autoscaler scales": func() (bool, error) {
			d, err := admin.kube.AppsV1().Deployments(aliceNS).Get(ctx, "w-auto", metav1.GetOptions{})
			return err == nil && d.Status.AvailableReplicas == 2, err
		},
		"the budget counts Pods": func() (bool, error) {
			b, err := admin.kube.PolicyV1().PodDisruptionBudgets(aliceNS).Get(ctx, "w-auto", metav1.GetOptions{})
			return err == nil && b.Status.ExpectedPods == 2 && b.Status.CurrentHealthy == 2, err
		},
		"Endpoints are filled": func() (bool, error) {
			e, err := admin.dynamic.Resource(endpointsOf).Namespace(aliceNS).Get(ctx, "w-auto", metav1.GetOptions{})
			return err == nil && e.Object["subsets"] != nil, err
		},
		"so are slices of them": func() (bool, error) {
			list, err := admin.kube.DiscoveryV1().EndpointSlices(aliceNS).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=w-auto"})
			return err == nil && len(list.Items) == 1 && len(list.Items[0].Endpoints) == 2, err
		},
		"a Pod has its own claim": func() (bool, error) {
			claim, err := admin.kube.CoreV1().PersistentVolumeClaims(aliceNS).Get(ctx, "w-own-scratch", metav1.GetOptions{})
			return err == nil && claim.Annotations[passportKey] != "" && sealedBy(claim) == "local:alice", err
		},
		"a Job that is over goes": func() (bool, error) {
			_, err := admin.kube.BatchV1().Jobs(aliceNS).Get(ctx, "w-over", metav1.GetOptions{})
			return apierrors.IsNotFound(err), nil
		},
	} {
		Eventually(seen).WithContext(ctx).WithTimeout(soon).Should(BeTrue(), what)
	}
	for _, manifest := range beside {
		if err := alice.remove(ctx, aliceNS, parse(manifest)); !apierrors.IsNotFound(err) {
			Expect(err).NotTo(HaveOccurred(), manifest)
		}
	}
	Eventually(func() bool {
		_, err := admin.kube.CoreV1().PersistentVolumeClaims(aliceNS).Get(ctx, "w-own-scratch", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	}).WithContext(ctx).WithTimeout(soon).Should(BeTrue(), "a claim goes with its Pod")
}
