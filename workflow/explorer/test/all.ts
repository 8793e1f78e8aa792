// All unit tests, as one bundle for node.
import "./address.test";
import "./card.test";
import "./chart.test";
import "./instability.test";
import "./map.test";
import "./pack.test";
import "./paths.test";
import "./picture.test";
import "./seriation.test";
import "./state.test";
import "./studies.test";
import "./table.test";
