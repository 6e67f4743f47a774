package main

import (
	"context"
	"flag"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/setpoint-dev/setpoint/internal/controlplane/simulator"
)

func simulate(args []string) error {
	flags := flag.NewFlagSet("simulator", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "path of the kubeconfig file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	return simulator.Run(context.Background(), cfg)
}
