/**
 * A small cluster whose answers were worked out by hand from the policies' text, not by any evaluator.
 *
 * | pod               | policies of it                  | ingress  | egress   | outside the cluster        |
 * |-------------------|---------------------------------|----------|----------|----------------------------|
 * | web/front         | front-in (Ingress)              | isolated | open     | anywhere, every port       |
 * | api/orders        | orders (Ingress, Egress)        | isolated | isolated | 203.0.113.0/24, TCP 443    |
 * | data/db           | deny-all, allow-orders          | isolated | isolated | nothing                    |
 * | data/backup       | deny-all                        | isolated | isolated | nothing                    |
 * | jobs/mailer       | mailer (Egress)                 | open     | isolated | anywhere, TCP 587          |
 * | legacy/cms        | none                            | open     | open     | anywhere, every port       |
 * | legacy/cms-worker | none                            | open     | open     | anywhere, every port       |
 * | monitor/agent     | none can: it is on the host's network | not isolatable | not isolatable | anywhere, every port |
 */
export const CLUSTER = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: front, namespace: web }
spec:
  selector: { matchLabels: { app: front } }
  template:
    metadata: { labels: { app: front } }
    spec: { containers: [{ name: front, image: front, ports: [{ name: http, containerPort: 8080 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: front-in, namespace: web }
spec:
  podSelector: { matchLabels: { app: front } }
  policyTypes: [Ingress]
  ingress: [{ ports: [{ port: 8080 }] }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: orders, namespace: api }
spec:
  selector: { matchLabels: { app: orders } }
  template:
    metadata: { labels: { app: orders } }
    spec: { containers: [{ name: orders, image: orders }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: api }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: web } }
          podSelector: { matchLabels: { app: front } }
      ports: [{ protocol: TCP, port: 9000 }]
  egress:
    - to:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: data } }
          podSelector: { matchLabels: { app: db } }
      ports: [{ protocol: TCP, port: 5432 }]
    - to: [{ ipBlock: { cidr: 203.0.113.0/24 } }]
      ports: [{ protocol: TCP, port: 443 }]
---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: data }
spec:
  clusterIP: 10.96.0.20
  selector: { app: db }
  ports: [{ port: 5400, targetPort: sql }]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: data }
spec:
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: db, ports: [{ name: sql, containerPort: 5432 }] }] }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: backup, namespace: data }
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        metadata: { labels: { app: backup } }
        spec: { restartPolicy: Never, containers: [{ name: backup, image: backup }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny-all, namespace: data }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-orders, namespace: data }
spec:
  podSelector: { matchLabels: { app: db } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: api } } }]
      ports: [{ protocol: TCP, port: sql }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: mailer, namespace: jobs }
spec:
  selector: { matchLabels: { app: mailer } }
  template:
    metadata: { labels: { app: mailer } }
    spec: { containers: [{ name: mailer, image: mailer }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: mailer, namespace: jobs }
spec:
  podSelector: { matchLabels: { app: mailer } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }], ports: [{ port: 587 }] }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cms, namespace: legacy }
spec:
  selector: { matchLabels: { app: cms } }
  template:
    metadata: { labels: { app: cms } }
    spec: { containers: [{ name: cms, image: cms }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: cms-worker, namespace: legacy }
spec:
  selector: { matchLabels: { app: cms-worker } }
  template:
    metadata: { labels: { app: cms-worker } }
    spec: { containers: [{ name: worker, image: worker }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: monitor }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { hostNetwork: true, containers: [{ name: agent, image: agent }] }
`;

/** Figures of the overview by test id, from the table above. */
export const FIGURES = {
  'isolation-pods': 8,
  'isolation-both': 3,
  'isolation-ingress': 1,
  'isolation-egress': 1,
  'isolation-none': 2,
  'isolation-not-isolatable': 1,
  'isolation-unknown': 0,
  'egress-anywhere': 4,
  'egress-anywhere-some-ports': 1,
  'egress-ranges': 1,
  'egress-depends': 0,
  'egress-none': 2,
} as const;

/** State of each pod, from the table above. */
export const STATES: Record<string, { ingress: string; egress: string; width: string }> = {
  'web/front': { ingress: 'isolated', egress: 'open', width: 'anywhere' },
  'api/orders': { ingress: 'isolated', egress: 'isolated', width: 'ranges' },
  'data/db': { ingress: 'isolated', egress: 'isolated', width: 'none' },
  'data/backup': { ingress: 'isolated', egress: 'isolated', width: 'none' },
  'jobs/mailer': { ingress: 'open', egress: 'isolated', width: 'anywhere-some-ports' },
  'legacy/cms': { ingress: 'open', egress: 'open', width: 'anywhere' },
  'legacy/cms-worker': { ingress: 'open', egress: 'open', width: 'anywhere' },
  'monitor/agent': { ingress: 'not-isolatable', egress: 'not-isolatable', width: 'anywhere' },
};
