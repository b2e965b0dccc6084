import type { CheckId } from '../../audit/checks.ts';
import type { ProblemCheck } from '../../kube/problems.ts';
import type { CheckWords } from './format.ts';

/** Korean words of each check, by its id; see `checksEn`. */
export const checksKo: Record<CheckId | ProblemCheck, CheckWords> = {
  'input.unparsable': {
    title: '문서를 해석할 수 없음',
    text: 'YAML도 JSON도 아닌 문서입니다: {message}. 이 문서의 내용은 감사에서 제외됩니다.',
    advice: '표시된 위치의 구문을 고친 뒤 다시 감사하십시오.',
  },
  'input.helm-template': {
    title: '렌더링하지 않은 Helm 템플릿',
    text: '렌더링하지 않은 Helm 템플릿으로 보입니다: {message}. 이 문서의 내용은 감사에서 제외됩니다.',
    advice: 'helm template 명령으로 차트를 렌더링한 결과를 감사하십시오.',
  },
  'input.alias-bomb': {
    title: 'YAML 별칭의 과도한 확장',
    text: '문서의 별칭이 원래 크기를 훨씬 넘어 확장되므로 문서를 거부하고 제외했습니다.',
    advice: '중첩된 별칭 없이 문서를 작성하십시오.',
  },
  'input.too-large': {
    title: '파일이 너무 큼',
    text: '파일 크기가 {bytes}바이트로 한도인 {limit}바이트를 넘어 읽지 않았습니다.',
    advice: '파일을 나누거나 매니페스트가 있는 폴더만 감사하십시오.',
  },
  'input.unreadable': {
    title: '파일이나 폴더를 열 수 없음',
    text: '시스템이 열기를 거부했습니다: {reason}. 그 안의 내용은 감사에 포함되지 않습니다.',
    advice: '경로와 권한을 확인하십시오.',
  },
  'input.link-loop': {
    title: '순환하는 심볼릭 링크',
    text: '심볼릭 링크({path})가 이미 읽은 폴더로 되돌아가므로 따라가지 않았습니다.',
    advice: '누락된 내용은 없습니다. 필요 없는 링크라면 삭제하십시오.',
  },
  'input.duplicate-key': {
    title: '중복된 키',
    text: '하나의 매핑에 {key} 키가 두 번 있습니다. {treatment}',
    advice:
      '둘 중 하나만 남기십시오. kubectl처럼 마지막 값이 적용되지만, 더 엄격한 도구는 문서를 거부합니다.',
  },
  'input.duplicate': {
    title: '내용이 다른 중복 객체',
    text: '{object} 객체가 {file} 파일(문서 {document}, {line}행)에도 다른 내용으로 정의되어 있습니다. kubectl apply와 같이 나중 것을 사용했습니다.',
    advice: '정의를 하나만 남기거나 환경별로 나누어 감사하십시오.',
  },
  'input.duplicate-identical': {
    title: '중복 객체',
    text: '{object} 객체가 {file} 파일(문서 {document}, {line}행)에도 같은 내용으로 정의되어 있습니다.',
    advice: '둘 중 하나를 삭제하십시오.',
  },
  'input.no-name': {
    title: '이름 없는 객체',
    text: '이 {kind} 객체에 metadata.name이 없습니다. {treatment}',
    advice: '이름을 지정하십시오. API는 이름 없는 객체를 거부합니다.',
  },
  'input.api-version': {
    title: '더 이상 제공되지 않는 API 버전',
    text: '현재의 API 서버는 {apiVersion} 버전의 {kind} 객체를 거부합니다. {treatment}',
    advice: '{current} 버전으로 옮기십시오.',
  },
  'input.invalid-object': {
    title: 'API가 거부할 객체',
    text: 'API가 {field} 필드를 거부합니다: {reason}. {treatment}',
    advice: '필드를 고친 뒤 다시 감사하십시오.',
  },
  'input.unknown-field': {
    title: 'API가 모르는 필드',
    text: 'API가 모르는 {field} 필드는 버려집니다. {treatment}',
    advice: '철자와 위치를 확인하십시오. 버려진 필드 때문에 허용 대상이 달라질 수 있습니다.',
  },
  'input.unknown-kind': {
    title: '알 수 없는 종류',
    text: '{kind} 종류는 존재하지 않습니다. {meant} 종류를 뜻한 것일 수 있으며, 이대로는 감사에서 제외됩니다.',
    advice: '종류를 고치십시오.',
  },
  'input.workload-kind': {
    title: '파드를 읽지 못한 워크로드',
    text: '{object}({apiVersion})의 파드는 컨트롤러가 만들며 입력에 없어 읽지 못했습니다. 이 파드는 감사에 포함되지 않습니다.',
    advice: '실제 클러스터를 감사하거나 kubectl get pods -A -o yaml 출력도 함께 지정하십시오.',
  },
  'input.deployer': {
    title: '외부에서 배포되어 읽지 못한 객체: 파드와, 있을 수 있는 정책',
    text: '{object}({apiVersion})이(가) 가리키는 차트나 저장소는 컨트롤러가 배포하며 입력에 없을 수 있습니다. 그 파드는 감사에 포함되지 않습니다. 정책도 함께 배포될 수 있어 관련 판정은 조건부입니다.',
    advice:
      '실제 클러스터를 감사하거나, 배포되는 내용을 helm template 또는 kubectl kustomize로 렌더링하여 함께 지정하십시오.',
  },
  'input.no-kind': {
    title: 'kind가 없는 객체',
    text: '이 객체({apiVersion})에는 kind가 없습니다. kubectl이 거부하므로 감사에서 제외했지만, 정책을 적으려던 것일 수 있습니다.',
    advice: 'kind를 추가하십시오.',
  },
  'input.unfilled': {
    title: '값이 채워지지 않은 변수',
    text: '이 {kind}에 Flux나 envsubst가 API로 보내기 전에 채우는 변수 {variable}이(가) 남아 있습니다. 감사에서 제외했으며, 이 정책이 정할 판정은 정해지지 않은 상태로 둡니다.',
    advice: 'flux build나 envsubst 등으로 값을 채운 결과를 감사하십시오.',
  },
  'input.generator': {
    title: '자동으로 생성되는 NetworkPolicy',
    text: '{object}이(가) NetworkPolicy를 생성하지만 생성된 정책은 읽지 못했습니다. 그 정책이 정할 판정은 정해지지 않은 상태로 둡니다.',
    advice: '생성된 정책까지 읽도록 실제 클러스터를 감사하거나, 생성된 정책을 함께 지정하십시오.',
  },
  'input.openshift-template': {
    title: '처리하지 않은 OpenShift Template',
    text: '{object}의 객체는 감사에 포함되지 않습니다: {kinds}.',
    advice: '먼저 처리하십시오: oc process -f {file} | bulkhead audit --from -',
  },
  'input.name-label': {
    title: '덮어쓰이는 네임스페이스 이름 레이블',
    text: '네임스페이스가 kubernetes.io/metadata.name 레이블에 {value} 값을 지정했습니다. API 서버는 이를 네임스페이스 이름으로 덮어쓰며, 감사도 같습니다.',
    advice: '매니페스트에서 이 레이블을 삭제하십시오.',
  },
  'input.partial-list': {
    title: '불완전한 저장 목록',
    text: '목록이 continue 토큰으로 끝나므로 전체 중 앞부분만 들어 있습니다(남은 개수: {remaining}).',
    advice: '전체 목록을 저장하거나 클러스터를 직접 감사하십시오.',
  },
  'input.yaml-boolean': {
    title: 'kubectl이 참·거짓으로 읽는 값',
    text: '따옴표 없는 {value}(문서 안에 {count}개)을(를) kubectl은 참·거짓으로 읽으며(YAML 1.1), 여기서도 그렇게 읽었습니다. 문자열이 필요한 자리라면 API가 거부합니다.',
    advice: '글자 그대로를 뜻한다면 따옴표로 감싸십시오.',
  },
  'input.yaml-letter-name': {
    title: '따옴표 없는 한 글자 이름의 네임스페이스',
    text: '이 파일의 네임스페이스 이름이 따옴표 없는 y 또는 n입니다. kubectl은 이를 참·거짓으로 읽어(YAML 1.1) 파일을 거부합니다. 이 파일을 만든 도구는 글자로 다루므로, 감사에서는 파일 안의 따옴표 없는 y와 n을 모두 글자로 읽었습니다.',
    advice: '파일 전체에서 글자를 따옴표로 감싸십시오.',
  },
  'input.after-end': {
    title: 'kubectl이 읽지 않는 문서',
    text: '이 문서는 "---" 없이 끝 표시 "..." 뒤에 이어집니다. kubectl은 이런 문서를 알리지 않고 버리므로 감사에서 제외했습니다.',
    advice: '문서 앞에 "---" 줄을 넣으십시오.',
  },
  'input.kustomize': {
    title: '렌더링하지 않은 kustomization',
    text: '{folder}의 kustomization이 파일의 내용을 바꾸거나 더합니다({changes}). 파일은 적힌 그대로 읽었으므로 실제로 배포되는 내용과 다릅니다.',
    advice:
      '렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: {command} | bulkhead audit --from -',
  },
  'input.patch': {
    title: '적용하지 않은 패치',
    text: '다른 객체를 바꾸는 패치이며 그 자체로 배포되는 객체가 아닙니다. 감사에서 제외했으므로 무엇이 바뀌는지 알 수 없습니다.',
    advice:
      '렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: {command} | bulkhead audit --from -',
  },
  'input.component': {
    title: 'Kustomize 컴포넌트의 일부',
    text: '컴포넌트에 속한 파일입니다. 그 안의 객체(종류 {kind})는 이 컴포넌트를 포함하는 kustomization에서만 배포되므로 감사에서 제외했습니다.',
    advice:
      '렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: {command} | bulkhead audit --from -',
  },
  'input.moved-policy': {
    title: 'kustomization이 다른 네임스페이스로 옮기는 정책',
    text: 'kustomization이 이 {kind}을(를) 파일에 적힌 것과 다른 네임스페이스에 배포합니다. 파일에 적힌 네임스페이스에서는 엉뚱한 파드를 격리하게 되므로 감사에서 제외했습니다.',
    advice:
      '렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: {command} | bulkhead audit --from -',
  },
  'input.unlisted': {
    title: '어느 kustomization에도 없는 파일',
    text: '이 폴더의 kustomization({kustomization})을 비롯해 어느 kustomization에도 이 파일이 없습니다. 폴더를 렌더링해서는 배포되지 않지만 누군가 따로 적용할 수 있습니다. {treatment} (종류 {kind}).',
    advice:
      'resources에 추가하거나 폴더 밖으로 옮기십시오. 또는 렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: kubectl kustomize FOLDER | bulkhead audit --from -',
  },
  'input.some-overlays': {
    title: '일부 오버레이에서만 배포하는 정책',
    text: '이 {kind}은(는) {overlays}에서는 배포되지만, 같은 객체를 배포하는 {others}에서는 배포되지 않습니다. 어느 쪽이 배포되는지 알 수 없으므로 감사에서 제외했으며, 이 정책이 정할 판정은 정해지지 않은 상태로 둡니다.',
    advice: '오버레이를 하나씩 감사하십시오: {command} | bulkhead audit --from -',
  },
  'input.helm-chart': {
    title: '렌더링하지 않은 Helm 차트',
    text: '{folder} 폴더는 Helm 차트입니다. 그 안의 템플릿(파일 {files}개)은 감사에서 제외했습니다.',
    advice:
      '사용하는 값으로 렌더링한 결과를 감사하십시오. --render 옵션을 쓰거나 다음 명령을 실행합니다: {command} | bulkhead audit --from -',
  },
  'input.not-rendered': {
    title: '렌더링하지 못한 폴더',
    text: '{message}. {folder}에서 배포되는 내용은 감사에 포함되지 않았습니다.',
    advice: '명령을 직접 실행하여 원인을 확인한 뒤 다시 감사하십시오.',
  },
  'input.no-objects': {
    title: '감사할 내용이 없음',
    text: '읽은 내용 중에 네임스페이스, 파드, 워크로드, 정책이 없습니다.',
    advice: '경로를 확인하십시오.',
  },
  'input.not-an-item': {
    title: '객체가 아닌 목록 항목',
    text: '{field} 항목은 쿠버네티스 객체가 아니어서 감사에서 제외됩니다.',
    advice: '항목을 삭제하거나 고치십시오.',
  },

  'policy.unknown-field': {
    title: 'API가 모르는 필드',
    text: 'NetworkPolicy의 이 위치에는 {name} 필드가 없습니다. API는 이 필드를 버리며, 정책은 나머지 내용대로 동작합니다.',
    advice: '철자와 들여쓰기를 확인하십시오. 셀렉터가 버려지면 허용 대상이 넓어집니다.',
  },
  'policy.bad-type': {
    title: '잘못된 값의 형식',
    text: 'API는 이 위치에 {expected} 형식의 값을 요구합니다.',
    advice: '값을 고치십시오.',
  },
  'policy.empty-peer': {
    title: '필드가 없는 피어',
    text: '피어에는 podSelector, namespaceSelector, ipBlock 중 하나가 있어야 하지만 아무것도 없습니다.',
    advice: '피어를 지정하거나 항목을 삭제하십시오.',
  },
  'policy.block-beside-selector': {
    title: '셀렉터와 함께 쓰인 ipBlock',
    text: '하나의 피어에는 ipBlock과 셀렉터를 함께 쓸 수 없습니다.',
    advice: 'ipBlock 피어와 셀렉터 피어를 목록의 두 항목으로 나누십시오.',
  },
  'policy.except-outside': {
    title: '블록을 벗어난 예외',
    text: '예외 대역 {except} 전체가 {cidr} 대역 안에 들어가야 하며, 두 대역이 같아서도 안 됩니다.',
    advice: '예외를 고치거나 삭제하십시오.',
  },
  'policy.bad-cidr': {
    title: '잘못된 CIDR',
    text: '“{value}” 값은 CIDR 형식의 주소 대역이 아닙니다.',
    advice: '10.0.0.0/8이나 2001:db8::/32와 같은 형식으로 쓰십시오.',
  },
  'policy.sloppy-cidr': {
    title: '표준형이 아닌 CIDR',
    text: '{value} 대역에 호스트 비트, 앞자리 0 또는 IPv4 매핑 주소가 있습니다. 1.36 이전 API 서버는 이를 마스킹하여 받아들이지만, 쿠버네티스 1.36부터는 새 객체에서 거부하고 이미 저장된 객체만 유지합니다.',
    advice: '대역을 표준형으로 쓰십시오.',
  },
  'policy.unknown-protocol': {
    title: '알 수 없는 프로토콜',
    text: '“{protocol}” 값은 TCP, UDP, SCTP 중 하나가 아닙니다.',
    advice: 'TCP, UDP, SCTP 중 하나를 대문자로 쓰십시오.',
  },
  'policy.endport-without-port': {
    title: 'port 없는 endPort',
    text: '범위의 시작인 port 없이 endPort만 있습니다.',
    advice: 'port를 함께 지정하십시오.',
  },
  'policy.endport-with-name': {
    title: '이름 있는 포트와 함께 쓰인 endPort',
    text: 'endPort를 쓰려면 port가 숫자여야 하지만 {name} 이름이 지정되어 있습니다.',
    advice: '포트를 숫자로 지정하십시오.',
  },
  'policy.endport-below-port': {
    title: 'port보다 작은 endPort',
    text: '범위의 끝({endPort})이 시작({port})보다 앞섭니다.',
    advice: '두 값을 바꾸십시오.',
  },
  'policy.bad-port-name': {
    title: '잘못된 포트 이름',
    text: '“{name}” 값은 포트 이름으로 쓸 수 없습니다. 영문 소문자, 숫자, 하이픈으로 15자 이내여야 하며 문자가 하나 이상 있어야 합니다.',
    advice: '컨테이너가 포트에 붙인 이름을 쓰십시오. 숫자는 따옴표 없이 씁니다.',
  },
  'policy.port-range': {
    title: '범위를 벗어난 포트',
    text: '포트 {port} 값이 1-65535 범위를 벗어났습니다.',
    advice: '포트를 고치십시오.',
  },
  'policy.unknown-type': {
    title: '알 수 없는 정책 유형',
    text: 'policyTypes에 “{type}” 값이 있으나 Ingress와 Egress만 쓸 수 있습니다.',
    advice: 'Ingress나 Egress를 쓰십시오.',
  },
  'policy.too-many-types': {
    title: '너무 많은 정책 유형',
    text: 'policyTypes에 항목이 {count}개 있으나 최대 2개까지 쓸 수 있습니다.',
    advice: 'Ingress와 Egress를 한 번씩만 남기십시오.',
  },
  'policy.rules-without-type': {
    title: '효과가 없는 규칙',
    text: '정책에 {direction} 규칙이 있으나 policyTypes에 {type} 값이 없어 규칙은 효과가 없고, 정책은 이 방향으로 파드를 격리하지 않습니다.',
    advice: 'policyTypes에 {type} 값을 추가하거나 규칙을 삭제하십시오.',
  },
  'policy.bad-label-key': {
    title: '잘못된 레이블 키',
    text: '“{key}” 값은 레이블 키로 쓸 수 없습니다.',
    advice: '키를 고치십시오.',
  },
  'policy.bad-label-value': {
    title: '잘못된 레이블 값',
    text: '“{value}” 값은 레이블 값으로 쓸 수 없습니다.',
    advice: '영문자, 숫자, 하이픈, 밑줄, 점을 사용해 63자 이내로 고치십시오.',
  },
  'policy.selector-operator': {
    title: '알 수 없는 셀렉터 연산자',
    text: '“{operator}” 값은 In, NotIn, Exists, DoesNotExist 중 하나가 아닙니다.',
    advice: '네 연산자 중 하나를 쓰십시오.',
  },
  'policy.selector-values-missing': {
    title: '값이 없는 셀렉터',
    text: '{operator} 연산자에는 값이 하나 이상 필요합니다.',
    advice: '값을 지정하거나 Exists 또는 DoesNotExist를 쓰십시오.',
  },
  'policy.selector-values-given': {
    title: '값을 쓸 수 없는 셀렉터',
    text: '{operator} 연산자에는 값을 쓸 수 없습니다.',
    advice: '값을 삭제하거나 In 또는 NotIn을 쓰십시오.',
  },
  'policy.unread-selector': {
    title: '셀렉터를 읽을 수 없는 저장된 정책',
    text: '이미 저장된 정책이지만 API가 지금은 podSelector를 거부하므로, 네임스페이스의 어떤 파드를 선택하는지 알 수 없습니다. 해당 파드는 알 수 없음으로 표시합니다.',
    advice: '셀렉터를 고쳐 정책을 다시 적용하십시오.',
  },
  'policy.selects-nothing': {
    title: '선택하는 파드가 없는 정책',
    text: '네임스페이스에 podSelector와 일치하는 파드가 없어 지금은 아무것도 격리하지 않습니다.',
    advice: '정책이 대상으로 하는 파드의 레이블과 비교하십시오.',
  },
  'policy.peer-selects-nothing': {
    title: '일치하는 파드가 없는 피어',
    text: '감사 대상 중에 이 피어와 일치하는 파드가 없어 지금은 허용되는 연결이 없습니다.',
    advice: '대상으로 하는 파드와 네임스페이스의 레이블과 비교하십시오.',
  },
  'policy.peer-host-network': {
    title: '노드 네트워크를 쓰는 파드만 레이블이 일치하는 피어',
    text: '레이블은 {workloads}와(과) 일치하지만, 그 파드는 노드의 네트워크를 씁니다. 셀렉터는 이런 파드와 일치하지 않습니다(S10, S18). 트래픽이 노드의 주소에서 오므로 이 항목으로는 허용되지 않습니다.',
    advice:
      '노드의 주소를 ipBlock으로 허용하십시오. OpenShift에서는 policy-group.network.openshift.io/host-network 레이블로 네임스페이스를 선택하십시오.',
  },
  'policy.peer-namespace-name': {
    title: '네임스페이스에 없는 레이블로 선택',
    text: '{key}={value} 레이블이 있는 네임스페이스가 없습니다. {value} 네임스페이스는 있지만 {key} 레이블이 없습니다. API 서버는 각 네임스페이스에 kubernetes.io/metadata.name 레이블을 붙입니다.',
    advice: 'namespaceSelector에 다음과 같이 쓰십시오: kubernetes.io/metadata.name: {value}',
  },
  'policy.peer-label-on-pods': {
    title: '파드의 레이블을 네임스페이스에서 찾음',
    text: 'namespaceSelector가 {label} 레이블을 요구하지만 이 레이블이 있는 네임스페이스는 없습니다. 파드에는 있습니다(네임스페이스: {namespaces}).',
    advice:
      '{label} 레이블은 podSelector에 쓰고, 네임스페이스는 kubernetes.io/metadata.name으로 선택하십시오.',
  },
  'policy.peer-label-on-namespaces': {
    title: '네임스페이스의 레이블을 파드에서 찾음',
    text: 'podSelector가 {label} 레이블을 요구하지만 이 레이블이 있는 파드는 없습니다. 네임스페이스에는 있습니다: {namespaces}.',
    advice: '{label} 레이블은 namespaceSelector에 쓰십시오.',
  },
  'policy.peer-label-key': {
    title: '다른 레이블 키에 있는 값',
    text: '이 피어의 선택 범위에 {label} 레이블이 없습니다. {where}에는 {like} 레이블이 있습니다.',
    advice: '이것을 의도했다면 다음과 같이 쓰십시오: {like}',
  },
  'policy.peer-other-namespace': {
    title: '네임스페이스 없이 선택한 다른 네임스페이스의 파드',
    text: 'podSelector만 쓰면 정책이 속한 네임스페이스에서만 선택하며, 그곳에는 {label}와(과) 일치하는 파드가 없습니다. 다른 네임스페이스에는 있습니다: {namespaces}.',
    advice: '같은 피어에 namespaceSelector를 추가하십시오(예: kubernetes.io/metadata.name).',
  },
  'policy.peer-open-to-label': {
    title: '레이블만 붙이면 일치하는 피어',
    text: '지금은 이 피어와 일치하는 파드가 없습니다. 그러나 네임스페이스 {namespaces}개 중 어디서든 {label} 레이블로 파드를 만들 수 있는 사람은 누구나 이 조건을 채울 수 있습니다.',
    advice: 'namespaceSelector를 의도한 네임스페이스로 좁히십시오.',
  },
  'policy.selects-unread': {
    title: '대상 파드를 읽지 못한 정책',
    text: '읽은 파드 중에는 podSelector와 일치하는 파드가 없지만, 읽지 못한 {workloads}의 파드가 일치할 수 있습니다.',
    advice: '정책을 유지하고 실제 클러스터를 감사하거나 파드도 함께 지정하십시오.',
  },
  'policy.peer-selects-unread': {
    title: '대상 파드를 읽지 못한 피어',
    text: '읽은 파드 중에는 이 피어와 일치하는 파드가 없지만, 읽지 못한 {workloads}의 파드가 일치할 수 있습니다.',
    advice: '피어를 유지하고 실제 클러스터를 감사하거나 파드도 함께 지정하십시오.',
  },
  'policy.named-port-unknown': {
    title: '선언한 파드가 없는 포트 이름',
    text: '규칙 대상 파드 중에 {protocol} 포트를 {name} 이름으로 선언한 파드가 없어 허용되는 연결이 없습니다.',
    advice: '컨테이너가 선언한 이름과 프로토콜을 쓰거나 포트 번호를 쓰십시오.',
  },
  'policy.service-port': {
    title: '파드 포트가 아닌 서비스 포트',
    text: '규칙에 쓰인 포트 {port} 값은 {service} 서비스의 포트이며, 파드는 {target} 포트로 받습니다. 정책은 파드의 포트와 비교합니다.',
    advice: '{targetPort} 값이나 컨테이너 포트의 이름을 쓰십시오.',
  },
  'policy.dns-tcp-only': {
    title: 'UDP DNS가 허용되지 않음',
    text: '이그레스가 53번 포트를 TCP로만 허용하고(프로토콜을 생략하면 TCP입니다), 같은 파드의 다른 정책도 UDP를 허용하지 않습니다. DNS는 대부분 UDP를 사용합니다.',
    advice: '53번 포트를 UDP로도 허용하십시오.',
  },
  'policy.block-over-service': {
    title: '서비스 주소를 지정한 주소 블록',
    text: '이 ipBlock에는 {services} 서비스의 주소가 들어 있지만 그 뒤의 대상은 들어 있지 않습니다. 네트워크 플러그인은 주소를 먼저 변환한 뒤 엔드포인트를 비교합니다: {endpoints}.',
    advice:
      '서비스 뒤의 파드를 선택하고 파드가 실제로 받는 포트를 지정하세요. 엔드포인트가 파드가 아니면 그 주소를 지정하세요.',
  },
  'policy.dns-local-cache': {
    title: '노드 로컬 DNS 캐시에 적용되지 않는 DNS 규칙',
    text: '이 규칙은 클러스터 DNS 파드로 가는 DNS 요청을 허용합니다. 그러나 이 클러스터에서는 각 노드의 캐시가 {address}에서 응답하며, 이 주소는 셀렉터로 선택할 수 없습니다. 캐시를 통한 조회가 거부되는 파드: {pods}개.',
    advice: '{address}의 53번 포트(UDP, TCP)도 ipBlock으로 허용하세요.',
  },
  'policy.egress-isolates-ingress': {
    title: '인그레스까지 격리하는 이그레스 정책',
    text: 'policyTypes를 생략하면 정책은 항상 인그레스에도 적용됩니다. 이 정책에는 이그레스 규칙만 있으므로 선택한 파드의 인그레스를 모두 거부합니다.',
    advice: 'policyTypes: [Egress]를 명시하거나, 의도한 것이라면 두 유형을 모두 쓰십시오.',
  },
  'policy.empty-peer-list': {
    title: '모두를 뜻하는 빈 피어 목록',
    text: '{direction} 규칙의 피어 목록이 비어 있습니다. 이는 클러스터 안팎의 모든 상대를 허용한다는 뜻입니다.',
    advice: '피어를 지정하십시오. 아무도 허용하지 않으려면 규칙을 삭제하십시오.',
  },
  'policy.selects-host-network': {
    title: '노드 네트워크를 쓰는 파드만 선택하는 정책',
    text: 'podSelector와 일치하는 것은 노드의 네트워크를 쓰는 파드뿐입니다({workloads}). NetworkPolicy는 이런 파드를 격리하지 않으므로(S18) 지금은 정책의 효과가 없습니다.',
    advice: '노드에서 필터링하거나 파드가 노드의 네트워크를 쓰지 않게 하십시오.',
  },
  'policy.port-entry-open': {
    title: '포트가 없는 항목과 포트가 있는 항목이 함께 있는 규칙',
    text: '포트를 지정하지 않은 항목이 있어 규칙이 모든 {protocol} 포트를 허용하므로, 함께 지정한 포트({ports})는 의미가 없습니다.',
    advice: '항목에 포트를 지정하거나, 줄표(-)로 잘못 나뉜 것이라면 옆 항목과 합치십시오.',
  },
  'policy.permits-everything': {
    title: '모든 것을 허용하는 정책',
    text: '파드를 {direction} 방향으로 격리하면서 그 방향의 모든 연결을 허용하므로 사실상 미격리와 같습니다.',
    advice: '피어와 포트를 지정하거나, 의도한 것이라면 주석으로 남기십시오.',
  },
  'policy.block-over-pods': {
    title: '파드 주소를 포함하는 주소 대역',
    text: '이 ipBlock은 파드의 주소를 포함합니다. 파드 주소에 적용되는지는 네트워크 플러그인마다 다르며, 여기서는 다음과 같이 가정했습니다: {value}.',
    advice: '파드는 레이블로 선택하고, 주소 대역은 클러스터 외부에만 쓰십시오.',
  },
  'policy.block-may-cover-pods': {
    title: '파드 주소를 포함할 수 있는 주소 대역',
    text: '아직 주소를 받은 파드가 없으며, 파드가 이 ipBlock 안의 주소를 받을 수 있습니다. 그때 파드 주소에 적용되는지는 네트워크 플러그인마다 다르며, 여기서는 다음과 같이 가정했습니다: {value}.',
    advice: '클러스터 외부만 뜻하는 대역이라면 파드 대역을 except로 제외하십시오.',
  },
  'policy.except-undone': {
    title: '다른 항목이 허용하는 예외',
    text: '{cidr}에서 {except}을(를) 제외했지만, 같은 파드에 대해 {by} 항목이 그 전체를 허용합니다. 정책과 피어는 더해지며 예외는 아무것도 거부하지 않습니다.',
    advice: '그 항목에서도 이 대역을 제외하거나, 의도하지 않은 예외라면 지우십시오.',
  },

  'version.sctp': {
    title: 'SCTP를 쓸 수 없음',
    text: '이 API 서버(또는 기능 게이트)는 SCTP를 지원하지 않으며 이 정책을 거부합니다.',
    advice: '서버를 업그레이드하거나 SCTP 포트를 삭제하십시오.',
  },
  'version.endport': {
    title: '이 서버가 버리는 endPort',
    text: '서버 버전 {version}에서는 endPort가 저장되지 않아 범위의 첫 포트만 허용됩니다.',
    advice: '서버를 업그레이드하거나 포트를 하나씩 나열하십시오.',
  },
  'version.name-label': {
    title: '이 서버에 없는 네임스페이스 이름 레이블',
    text: '정책이 kubernetes.io/metadata.name 레이블로 네임스페이스를 선택하지만 서버 버전 {version}에서는 이 레이블을 붙이지 않아 일치하는 대상이 없습니다.',
    advice: '서버를 업그레이드하거나 네임스페이스에 직접 레이블을 붙이십시오.',
  },

  'exposure.namespace-open': {
    title: '미격리 파드가 있는 네임스페이스',
    text: '네임스페이스의 파드 {pods}개가 어느 방향으로도 격리되어 있지 않습니다.',
    advice: '네임스페이스에 기본 거부 정책을 추가한 뒤 필요한 연결만 허용하십시오.',
  },
  'exposure.egress-anywhere': {
    title: '모든 외부 주소에 연결할 수 있는 파드',
    text: '파드 {pods}개가 클러스터 외부의 모든 주소와 모든 포트에 연결할 수 있습니다.',
    advice: '이그레스를 격리하고 필요한 주소와 포트만 허용하십시오.',
  },
  'exposure.ingress-anywhere': {
    title: '모든 외부 주소에 열린 파드',
    text: '파드 {pods}개가 인그레스로 격리되어 있으나 일부 포트는 클러스터 외부의 모든 주소에 허용되어 있습니다.',
    advice: 'ipBlock이나 빈 피어 목록을 의도한 출발지로 제한하십시오.',
  },
  'exposure.published': {
    title: '외부에 공개되었으나 격리되지 않은 파드',
    text: '서비스 {service}은(는) 클러스터 외부에 공개되어 있으며({how}), 뒤에 있는 파드 {total}개 중 {pods}개가 인그레스로 격리되어 있지 않습니다.',
    advice: '파드의 인그레스를 격리하고, 공개한 포트만 실제 트래픽의 출발지에 허용하십시오.',
  },
  'exposure.published-blocked': {
    title: '외부에 공개되었으나 외부에서 닿지 않는 파드',
    text: '서비스 {service}은(는) 클러스터 외부에 공개되어 있지만({how}), 그 트래픽을 허용하는 규칙이 없습니다. {ports} 포트에서 뒤에 있는 파드 {pods}개는 외부 주소도 다른 노드도 받지 않습니다. 파드가 실행되는 노드로 들어온 트래픽만 통과할 수 있습니다.',
    advice: '응답해야 하는 서비스라면 출발지를 ipBlock으로 허용하고, 아니라면 공개하지 마십시오.',
  },
  'exposure.ingress-blocked': {
    title: 'Ingress 뒤에 있으나 닿지 않는 파드',
    text: '{how} 항목이 서비스 {service}(으)로 연결하지만, {ports} 포트에서 뒤에 있는 파드 {pods}개는 다른 네임스페이스의 파드도, 외부 주소도, 노드도 받지 않습니다. 다른 곳에 있는 인그레스 컨트롤러는 들어올 수 없습니다.',
    advice:
      '인그레스 컨트롤러의 파드를 허용하고, 컨트롤러가 노드의 네트워크를 쓴다면 노드의 주소를 허용하십시오.',
  },
  'exposure.data-store': {
    title: '모든 네임스페이스에서 닿는 데이터 저장소',
    text: '번호나 이름으로 보아 {store}에서 쓰는 포트 {port}번(파드 {pods}개)이 모든 네임스페이스의 파드에서 오는 연결을 받습니다: {because}.',
    advice: '사용하는 파드만 레이블과 네임스페이스로 허용하십시오.',
  },
  'exposure.host-network': {
    title: 'NetworkPolicy로 격리할 수 없는 파드',
    text: '파드 {pods}개가 노드의 네트워크를 그대로 사용하여 NetworkPolicy가 적용되지 않습니다.',
    advice: '필요하지 않으면 hostNetwork를 쓰지 말고, 필요하면 노드에서 필터링하십시오.',
  },

  'cluster.not-enforced': {
    title: 'NetworkPolicy를 적용하는 주체가 없음',
    text: '이 클러스터에는 NetworkPolicy를 온전히 적용하는 네트워크 플러그인이 없습니다(탐지: {plugin}). 적용되지 않는 방향으로는 정책 내용과 무관하게 모든 파드가 열려 있습니다.',
    advice: 'NetworkPolicy를 적용하는 네트워크 플러그인을 설치하거나 적용 기능을 켜십시오.',
  },
  'cluster.enforcement-unknown': {
    title: '정책 적용 여부를 알 수 없음',
    text: '읽은 내용만으로는 네트워크 플러그인(플러그인: {plugin})이 정책을 적용하는지 확인할 수 없습니다. 판정은 정책 규칙을 따른 것이며, 정책이 실제로 적용되는 경우에만 유효합니다.',
    advice:
      '시스템 파드를 읽을 수 있는 권한으로 실제 클러스터를 감사하거나 --assume enforced=yes 또는 no를 지정하십시오.',
  },
  'cluster.node-not-enforced': {
    title: '정책 적용이 확인되지 않은 노드',
    text: '{node} 노드({plugin})의 파드: {what}.',
    advice: '이 노드의 네트워크 플러그인을 확인하십시오.',
  },
  'cluster.other-policies': {
    title: '평가하지 않은 다른 종류의 정책',
    text: '이 클러스터에는 {kind} 정책이 있습니다({count}개). {effect}. 이 정책은 평가하지 않으므로 영향을 받을 수 있는 판정은 조건부로 표시합니다.',
    advice: '이 보고서와 함께 해당 정책을 확인하십시오.',
  },
  'cluster.coverage': {
    title: '읽지 못한 정보',
    text: '{resource} 목록(네임스페이스: {namespace})을 읽지 못했습니다: {reason}. 이에 의존하는 결과는 알 수 없음으로 표시합니다.',
    advice: '클러스터라면 계정에 목록 조회 권한을 부여하고, 파일이라면 고친 뒤 다시 감사하십시오.',
  },
  'cluster.insecure-tls': {
    title: '검증하지 않은 서버 인증서',
    text: 'kubeconfig에서 인증서 검증이 꺼져 있어(insecure-skip-tls-verify) 중간자가 거짓 응답을 보냈을 수 있습니다.',
    advice: 'kubeconfig에 클러스터의 인증 기관을 추가하십시오.',
  },
};

/** Parameters whose values are words of ours, by parameter name. */
export const valuesKo: Record<string, Record<string, string>> = {
  'input.unlisted.treatment': {
    'left-out': '감사에서 제외했으며, 이 정책이 정할 판정은 정해지지 않은 상태로 둡니다',
    kept: '객체는 감사에 그대로 포함했습니다',
  },
  treatment: {
    'left-out': '감사에서 제외됩니다.',
    kept: '읽을 수 있는 부분만 감사에 포함됩니다.',
  },
  direction: { ingress: '인그레스', egress: '이그레스' },
  reason: {
    'not-an-object': '객체가 아닙니다',
    'not-a-list': '목록이 아닙니다',
    'not-a-string': '문자열이 아닙니다',
    'with-a-point': '소수점이나 지수로 적혀 있어 API가 정수로 받지 않습니다',
    'not-a-number': '숫자가 아닙니다',
    'not-a-boolean': 'true나 false가 아닙니다',
    'out-of-range': '숫자가 범위를 벗어났습니다',
    'unknown-value': 'API가 모르는 값입니다',
    'bad-name': '이름이 올바르지 않습니다',
    'bad-label-key': '레이블 키가 올바르지 않습니다',
    'bad-label-value': '레이블 값이 올바르지 않습니다',
    'bad-annotation-key': '올바른 어노테이션 키가 아닙니다',
    'selector-mismatch': '셀렉터가 파드 템플릿의 레이블과 맞지 않습니다',
  },
  expected: {
    object: '객체',
    array: '목록',
    string: '문자열',
    integer: '정수',
    'integer or name': '정수 또는 이름',
    'array of strings': '문자열 목록',
  },
  remaining: { '': '알 수 없음' },
  'policy.block-over-service.endpoints': { none: '알려진 엔드포인트 없음' },
  'policy.block-over-pods.value': { match: '적용됨', ignore: '적용되지 않음', unknown: '알 수 없음' },
  'policy.block-may-cover-pods.value': { match: '적용됨', ignore: '적용되지 않음', unknown: '알 수 없음' },
  'cluster.not-enforced.plugin': { unknown: '없음' },
  'cluster.enforcement-unknown.plugin': { unknown: '발견되지 않음' },
  'cluster.other-policies.effect': {
    '': 'NetworkPolicy의 판정을 바꿀 수 있습니다',
    'may-permit': 'NetworkPolicy보다 먼저 허용하거나 거부할 수 있습니다',
    'may-only-deny': 'NetworkPolicy가 허용한 연결을 거부할 수 있으며, 거부한 연결을 허용하지는 않습니다',
    baseline: '파드를 선택하는 NetworkPolicy가 없는 경우에 판정합니다',
  },
  'exposure.data-store.because': { open: '인그레스로 격리하는 정책이 없음' },
  'cluster.node-not-enforced.what': {
    no: 'NetworkPolicy가 적용되지 않습니다',
    unknown: 'NetworkPolicy가 적용되는지 알 수 없습니다',
  },
};
