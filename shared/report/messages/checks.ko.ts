import type { CheckWords } from './format.ts';

/** Korean words of each check, by its id; see `checksEn`. */
export const checksKo: Record<string, CheckWords> = {
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
    advice: '둘 중 하나만 남기십시오. kubectl은 이런 문서를 거부합니다.',
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
    title: '알 수 없는 종류의 워크로드',
    text: '{object} 객체({apiVersion} {kind})에 파드 템플릿이 있으나 컨트롤러가 파드를 만드는 방식을 알 수 없습니다. 이 워크로드의 파드는 감사에 포함되지 않습니다.',
    advice: '파드를 직접 읽을 수 있는 실제 클러스터를 감사하십시오.',
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
    text: '{value} 대역에 호스트 비트나 앞자리 0이 있습니다. 이전 API 서버는 이를 마스킹하여 받아들이지만, 쿠버네티스 1.36부터는 새 객체에서 거부합니다.',
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

  'version.sctp': {
    title: 'SCTP를 쓸 수 없음',
    text: '이 API 서버(또는 기능 게이트)는 SCTP를 지원하지 않으며 이 정책을 거부합니다.',
    advice: '서버를 업그레이드하거나 SCTP 포트를 삭제하십시오.',
  },
};

/** Parameters whose values are words of ours, by parameter name. */
export const valuesKo: Record<string, Record<string, string>> = {
  treatment: {
    'left-out': '감사에서 제외됩니다.',
    kept: '읽을 수 있는 부분만 감사에 포함됩니다.',
  },
  direction: { ingress: '인그레스', egress: '이그레스' },
  reason: {
    'not-an-object': '객체가 아닙니다',
    'not-a-list': '목록이 아닙니다',
    'not-a-string': '문자열이 아닙니다',
    'not-a-number': '숫자가 아닙니다',
    'not-a-boolean': 'true나 false가 아닙니다',
    'out-of-range': '숫자가 범위를 벗어났습니다',
    'unknown-value': 'API가 모르는 값입니다',
    'bad-name': '이름이 올바르지 않습니다',
    'bad-label-key': '레이블 키가 올바르지 않습니다',
    'bad-label-value': '레이블 값이 올바르지 않습니다',
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
};
