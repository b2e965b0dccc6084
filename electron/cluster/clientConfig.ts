/**
 * The one part of the Kubernetes client that is used, in a module of its own: imported late and by name, so that the
 * bundle carries no more of it than this needs.
 */
export { KubeConfig } from '@kubernetes/client-node';
